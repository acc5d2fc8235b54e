// SPDX-License-Identifier: Apache-2.0
// The order of things: sniff, read, measure, join, judge.
#pragma once

#include "bytes/source.hpp"
#include "upinspect/inspect.hpp"

#include <string>

namespace upinspect::inspecting {

/// Whether files beside the artifact may be looked at: not where it is no file, and not for a shard of an index, which
/// could lead back to the index.
enum class Neighbours : bool { ignored, followed };

[[nodiscard]] Artifact inspect_source(const bytes::Source& source, const std::string& path, const InspectOptions& options,
                                      Neighbours neighbours);

/// Opens and inspects a file. Throws InputError.
[[nodiscard]] Artifact inspect_path(const std::string& path, const InspectOptions& options, Neighbours neighbours);

}  // namespace upinspect::inspecting
