// SPDX-License-Identifier: Apache-2.0
// Entry names: lookups, and names that readers would confuse.
#pragma once

#include "containers/finding_log.hpp"
#include "containers/zip.hpp"

namespace upinspect::containers {

/// Makes `directory.name_index` and `directory.unsafe_names`: all that is asked of every name.
void index_names(ZipDirectory& directory);

/// Findings on names that are equal, or equal to readers that ignore case, take `\` for `/` or stop at a NUL.
void check_duplicate_names(const ZipDirectory& directory, FindingLog& log);

}  // namespace upinspect::containers
