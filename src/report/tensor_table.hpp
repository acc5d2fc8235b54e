// SPDX-License-Identifier: Apache-2.0
// The tensors of an artifact as a table that fits the terminal.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/artifact.hpp"

#include <string>
#include <vector>

namespace upinspect::report {

/// A heading and a line per tensor. Unless verbose, more than 40 tensors become the first and the last of them, and a
/// line that says how many are not shown and whether any of those holds NaN or infinities.
///
/// What gives way on a narrow terminal, in this order: columns only the verbose table has; what all names have in common
/// at their ends (said once above the table); entropy by byte for one figure; space between columns; the middle of long
/// names, as long as they stay different; then names stand on a line of their own above their figures unless they are
/// short, and at last columns go: entropy, mean with std and the counts, min and max. NaN and infinities never go.
[[nodiscard]] std::string tensor_table(const std::vector<Tensor>& tensors, const TextStyle& style);

}  // namespace upinspect::report
