// SPDX-License-Identifier: Apache-2.0
// Checks of single entries that need nothing but the entry.
#pragma once

#include "containers/finding_log.hpp"
#include "containers/zip.hpp"

namespace upinspect::containers {

/// The finding on a name that `why_unsafe` has words for.
void report_unsafe_name(const ZipEntry& entry, FindingLog& log);

/// Findings on the entry's attributes, flags, method, sizes and comment.
void check_entry(const ZipEntry& entry, FindingLog& log);

/// The method's name, "method 99" where it has none.
[[nodiscard]] std::string method_name(std::uint16_t method);

}  // namespace upinspect::containers
