// SPDX-License-Identifier: Apache-2.0
// The steps of reading an archive that its two ways in, from the end and by salvage, share.
#pragma once

#include "containers/finding_log.hpp"
#include "containers/zip.hpp"
#include "containers/zip_end.hpp"

namespace upinspect::containers {

/// Reads all that the end records lead to. Throws a ParseError where they lead to no directory.
[[nodiscard]] ZipDirectory read_from_end(const bytes::Source& source, const EndRecords& records, bytes::LabelSink* labels,
                                         FindingLog& log, const ZipLimits& limits);

/// Checks the names, which are indexed, and every entry by itself.
void check_entries(const ZipDirectory& directory, FindingLog& log);

}  // namespace upinspect::containers
