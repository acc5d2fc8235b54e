// SPDX-License-Identifier: Apache-2.0
// The order of things: sniff, read, measure, join, judge.
#pragma once

#include "inspect/origins.hpp"
#include "upinspect/inspect.hpp"

#include <string>

namespace upinspect::inspecting {

/// Whether files beside the artifact may be looked at: not where it is no file, and not for a part of a whole (a shard
/// of an index, which could lead back to the index), whose meaning as an adapter the whole has.
enum class Neighbours : std::uint8_t { ignored, followed, whole_elsewhere };

/// An artifact, and where its tensors can be read again.
struct Inspected {
  Artifact artifact;
  Origins origins;
};

[[nodiscard]] Inspected inspect_source(const SharedSource& source, const std::string& path,
                                       const InspectOptions& options, Neighbours neighbours);

/// In order of offset, then id.
void sort_findings(std::vector<Finding>& findings);

/// A file that is open, with a finding where it changes meanwhile.
[[nodiscard]] Inspected inspect_opened(const SharedSource& source, const std::string& path, const InspectOptions& options, Neighbours neighbours);

/// Opens and inspects a file. Throws InputError.
[[nodiscard]] Inspected inspect_path(const std::string& path, const InspectOptions& options, Neighbours neighbours);

}  // namespace upinspect::inspecting
