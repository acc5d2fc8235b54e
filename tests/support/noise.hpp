// SPDX-License-Identifier: Apache-2.0
// Bytes without any order.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace upinspect::test {

/// The same for the same seed, everywhere.
[[nodiscard]] inline std::vector<std::byte> noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> bytes(size);
  for (auto& byte : bytes) {
    byte = static_cast<std::byte>(random() & 0xffU);
  }
  return bytes;
}

}  // namespace upinspect::test
