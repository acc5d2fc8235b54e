// SPDX-License-Identifier: Apache-2.0
// OFT and BOFT: the orthogonal blocks that rotate a weight's rows (LyCORIS, old PEFT) or columns (PEFT), out of what was
// trained.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace upinspect::lora {

/// For each of the `count` blocks of `width` x `width` in `blocks`: (R s + (1 - s) I)^T, R = (I + Q) (I - Q)^-1,
/// Q = B - B^T, where Q over all blocks is shortened to the length `constraint` if that is above zero and exceeded.
/// Row i of the outcome makes row i of the weight from the rows of its block. Empty where an inverse does not exist.
[[nodiscard]] std::vector<double> rotations(const std::vector<double>& blocks, std::size_t count, std::size_t width,
                                            double constraint, double strength);

/// How PEFT makes a rotation of a skew Q.
enum class Cayley : std::uint8_t {
  unknown,         ///< nothing says it
  exact,           ///< (I - Q) (I + Q)^-1
  series,          ///< I + 2 Q + 2 Q^2 + ... + Q^n, whose sign of Q is the other one, as PEFT has it
  doubled_series,  ///< the same with 2 Q^n: PEFT before 0.18
};

/// What adapter_config.json says of PEFT's OFT, or what its program is known to do.
struct RotationSettings {
  Cayley cayley = Cayley::unknown;  ///< use_cayley_neumann and peft_version
  std::size_t terms = 5;            ///< num_cayley_neumann_terms
  std::optional<bool> shared;       ///< block_share: one block for all columns; nothing: where there is one
  std::optional<double> radius;     ///< eps, where coft is set: how long the numbers of a block may be
  bool onetrainer = false;          ///< which multiplies kernels by R, and the weights of linear layers by R^T
};

/// Each of the `count` blocks of `values` is shortened to `radius` where it is longer; a block's length is the square
/// root of `weight` times the sum of its squares.
void shorten_blocks(std::vector<double>& values, std::size_t count, double weight, double radius);

/// `upper` holds for each block the part of Q above the diagonal, row by row; Q below it is the negative. For each block
/// (R s + (1 - s) I)^T, by which the columns of a block are multiplied. Empty where an inverse does not exist.
[[nodiscard]] std::vector<double> input_rotations(const std::vector<double>& upper, std::size_t count, std::size_t width,
                                                  const RotationSettings& how, double strength);

}  // namespace upinspect::lora
