// SPDX-License-Identifier: Apache-2.0
// An artifact in one sentence.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/artifact.hpp"

#include <string>

namespace upinspect::report {

/// "PyTorch zip archive, 24 float32 tensors, 294,912 parameters"; for headerless numbers what they were taken for:
/// "headerless numbers, most likely float32 little-endian, 8192 x 4096".
[[nodiscard]] std::string description(const Artifact& artifact, const TextStyle& style);

/// Elements of all tensors; not more than 64 bits tell.
[[nodiscard]] std::uint64_t parameters(const Artifact& artifact) noexcept;

/// True for formats that can hold tensors, by their id: of these, that there are none is worth saying.
[[nodiscard]] bool holds_tensors(const std::string& format_id) noexcept;

}  // namespace upinspect::report
