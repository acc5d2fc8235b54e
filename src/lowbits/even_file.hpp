// SPDX-License-Identifier: Apache-2.0
// Random low bits of a whole file: planes of all its float32 tensors together, where each alone is too small to show them.
#pragma once

#include "upinspect/low_bits.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace upinspect::lowbits {

/// Tensors whose planes are honest above plane `top` of the fraction and, together, likelier even from it on than honest.
struct EvenTensors {
  unsigned top = 1;
  double ratio = 0;                    ///< ln of how much likelier
  std::vector<std::size_t> tensors;    ///< of LowBits
};

/// For each of the three highest planes, at which random bits may begin, the likeliest first. A tensor that does not look trained counts: from the three highest planes on
/// random bits make it so. Whether the planes are even in every binade, too, is to be seen from the elements (Binades).
[[nodiscard]] std::vector<EvenTensors> maybe_even(const LowBits& result);

/// The words of the finding.
[[nodiscard]] std::string even_words(unsigned bits, const std::string& dtype);

}  // namespace upinspect::lowbits
