// SPDX-License-Identifier: Apache-2.0
// How the parts of a zip archive lie in the file: overlaps, what the directory leaves out, what lies around it.
#pragma once

#include "bytes/source.hpp"
#include "containers/finding_log.hpp"
#include "containers/zip.hpp"
#include "containers/zip_end.hpp"

#include <cstdint>
#include <span>

namespace upinspect::containers {

/// Marks entries that share bytes with others, and reports overlaps, leading bytes, local headers in the gaps and end
/// records besides the one in use. `order` lists the entries by local header.
void check_layout(const bytes::Source& source, const EndRecords& records, const DirectoryPlace& place,
                  std::span<const std::uint32_t> order, ZipDirectory& directory, FindingLog& log);

}  // namespace upinspect::containers
