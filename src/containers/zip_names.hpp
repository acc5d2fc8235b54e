// SPDX-License-Identifier: Apache-2.0
// Entry names: lookups, and names that readers would confuse or that would escape a folder.
#pragma once

#include "containers/finding_log.hpp"
#include "containers/zip.hpp"

#include <string_view>

namespace upinspect::containers {

/// Makes `directory.name_index`.
void index_names(ZipDirectory& directory);

/// Findings on names that are equal, or equal to readers that ignore case, take `\` for `/` or stop at a NUL.
void check_duplicate_names(const ZipDirectory& directory, FindingLog& log);

/// Why a careless unpacker, or a terminal, should not be given this name; empty where it is harmless.
[[nodiscard]] std::string_view why_unsafe(std::string_view name) noexcept;

}  // namespace upinspect::containers
