// SPDX-License-Identifier: Apache-2.0
// Random low bits of a whole file: its float32 tensors together, where each alone is too small to show them.
#pragma once

#include "upinspect/low_bits.hpp"

#include <cstddef>
#include <string>

namespace upinspect::lowbits {

/// How many of the three highest planes of a tensor's fractions are honest, from the highest on without a gap: 0 to 3.
[[nodiscard]] std::size_t honest_planes(const TensorPlanes& tensor);

/// The words of the finding.
[[nodiscard]] std::string even_words(unsigned bits, const std::string& dtype);

}  // namespace upinspect::lowbits
