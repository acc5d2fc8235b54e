// SPDX-License-Identifier: Apache-2.0
// Loads an element of any width as its pattern of bits.
#pragma once

#include "numeric/load.hpp"

#include <span>

namespace upinspect::numeric {

/// The `index`-th little-endian element of 1, 2, 4 or 8 bytes.
[[nodiscard]] inline std::uint64_t pattern_at(std::span<const std::byte> bytes, std::size_t index, unsigned width) noexcept {
  const auto* from = bytes.data() + index * width;
  switch (width) {
    case 1: return load_le<std::uint8_t>(from);
    case 2: return load_le<std::uint16_t>(from);
    case 4: return load_le<std::uint32_t>(from);
    default: return load_le<std::uint64_t>(from);
  }
}

}  // namespace upinspect::numeric
