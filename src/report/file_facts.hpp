// SPDX-License-Identifier: Apache-2.0
// The facts of a file in the order a reader wants them.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/artifact.hpp"

#include <string>
#include <utility>
#include <vector>

namespace upinspect::report {

/// Size, digests, the format's own details, tensors by dtype, what is odd about their values, pickle, the map of the
/// bytes, metadata.
/// `first` are lines of label and text before all others.
[[nodiscard]] std::string file_facts(const Artifact& artifact, const TextStyle& style, const std::vector<std::pair<std::string, std::string>>& first = {});

}  // namespace upinspect::report
