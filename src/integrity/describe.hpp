// SPDX-License-Identifier: Apache-2.0
// An artifact in the words of a lock.
#pragma once

#include "upinspect/integrity.hpp"

#include <string>
#include <vector>

namespace upinspect::integrity {

/// SHA-256 of the value as compact ASCII JSON with sorted keys; empty for null.
[[nodiscard]] std::string digest_of(const Value& metadata);

/// Tensors sorted by name, then by dtype, shape and digest.
[[nodiscard]] std::vector<LockedTensor> tensors_of(const Artifact& artifact);

/// Reads a file by itself: what lies beside it is another entry of the list.
[[nodiscard]] Artifact inspect_alone(const std::string& file, const InspectOptions& options);

}  // namespace upinspect::integrity
