// SPDX-License-Identifier: Apache-2.0
// Diag-OFT: the orthogonal blocks that rotate a weight's rows, out of the matrices that were trained.
#pragma once

#include <cstddef>
#include <vector>

namespace upinspect::lora {

/// For each of the `count` blocks of `width` x `width` in `blocks`: (R s + (1 - s) I)^T, R = (I + Q) (I - Q)^-1,
/// Q = B - B^T, where Q over all blocks is shortened to the length `constraint` if that is above zero and exceeded.
/// Row i of the outcome makes row i of the weight from the rows of its block. Empty where an inverse does not exist.
[[nodiscard]] std::vector<double> rotations(const std::vector<double>& blocks, std::size_t count, std::size_t width,
                                            double constraint, double strength);

}  // namespace upinspect::lora
