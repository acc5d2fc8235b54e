// SPDX-License-Identifier: Apache-2.0
// Checks of single entries that need nothing but the entry.
#pragma once

#include "containers/finding_log.hpp"
#include "containers/zip.hpp"

namespace upinspect::containers {

/// Findings on the entry's name, flags, method, sizes and comment.
void check_entry(const ZipEntry& entry, FindingLog& log);

/// The method's name, "method 99" where it has none.
[[nodiscard]] std::string method_name(std::uint16_t method);

}  // namespace upinspect::containers
