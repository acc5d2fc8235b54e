// SPDX-License-Identifier: Apache-2.0
// A file drawn as a bar: what its bytes are, from the first to the last.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/artifact.hpp"

#include <string>
#include <vector>

namespace upinspect::report {

/// The bar, and under it a legend with the bytes and the share of each kind, in lines of at most `columns`. A cell shows
/// the kind that most of its bytes are of, but a gap wherever it holds one. Nothing for an empty file.
[[nodiscard]] std::vector<std::string> byte_bar(const Artifact& artifact, std::size_t columns, const TextStyle& style);

}  // namespace upinspect::report
