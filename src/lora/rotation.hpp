// SPDX-License-Identifier: Apache-2.0
// OFT: the orthogonal blocks that rotate a weight's rows (LyCORIS' Diag-OFT) or columns (PEFT's), out of what was trained.
#pragma once

#include <cstddef>
#include <vector>

namespace upinspect::lora {

/// For each of the `count` blocks of `width` x `width` in `blocks`: (R s + (1 - s) I)^T, R = (I + Q) (I - Q)^-1,
/// Q = B - B^T, where Q over all blocks is shortened to the length `constraint` if that is above zero and exceeded.
/// Row i of the outcome makes row i of the weight from the rows of its block. Empty where an inverse does not exist.
[[nodiscard]] std::vector<double> rotations(const std::vector<double>& blocks, std::size_t count, std::size_t width,
                                            double constraint, double strength);

/// What PEFT's adapter_config.json says of its OFT.
struct InputRotation {
  bool series = false;    ///< use_cayley_neumann: R is the first terms of a series, not the inverse itself
  std::size_t terms = 5;  ///< num_cayley_neumann_terms
  bool shared = false;    ///< block_share: one block for all columns
};

/// `upper` holds for each block the part of Q above the diagonal, row by row; Q below it is the negative. For each block
/// (R s + (1 - s) I)^T, by which the columns of a block are multiplied: R = (I - Q) (I + Q)^-1, or as a series
/// I + 2 Q + 2 Q^2 + ... + Q^n, whose sign is the other one, as PEFT has it. Empty where an inverse does not exist.
[[nodiscard]] std::vector<double> input_rotations(const std::vector<double>& upper, std::size_t count, std::size_t width,
                                                  const InputRotation& how, double strength);

}  // namespace upinspect::lora
