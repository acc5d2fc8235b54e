// SPDX-License-Identifier: Apache-2.0
// Floats to doubles, as many as a register has.
#pragma once

#include "numeric/instruction_set.hpp"

#include <array>
#include <cstddef>
#include <cstring>

namespace upinspect::numeric {

/// Through arrays: of __builtin_convertvector g++ 12 makes a conversion for each half and puts them together.
template <typename Doubles>
UPINSPECT_INLINE void widen_floats(const std::byte* from, Doubles& out) {
  constexpr auto k_count = sizeof(Doubles) / sizeof(double);
  std::array<float, k_count> floats;
  std::array<double, k_count> doubles;
  std::memcpy(floats.data(), from, sizeof floats);
  for (std::size_t i = 0; i < k_count; ++i) {
    doubles[i] = static_cast<double>(floats[i]);
  }
  std::memcpy(&out, doubles.data(), sizeof out);
}

}  // namespace upinspect::numeric
