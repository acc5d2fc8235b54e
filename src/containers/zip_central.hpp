// SPDX-License-Identifier: Apache-2.0
// Reads the records of a central directory.
#pragma once

#include "bytes/source.hpp"
#include "containers/finding_log.hpp"
#include "containers/zip.hpp"
#include "containers/zip_end.hpp"

namespace upinspect::containers {

/// Walks the records from `place.offset` as long as there are any, whatever the end record counts, and fills
/// `directory.entries` and `directory.central`.
void read_central_directory(const bytes::Source& source, const DirectoryPlace& place, const ZipLimits& limits,
                            ZipDirectory& directory, FindingLog& log);

}  // namespace upinspect::containers
