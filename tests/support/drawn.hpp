// SPDX-License-Identifier: Apache-2.0
// Weights as random numbers draw them, as little-endian f32, and random bits laid over them.
#pragma once

#include "numeric/load.hpp"
#include "support/noise.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace upinspect::test {

template <typename Distribution>
std::vector<float> drawn(Distribution distribution, std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  std::generate(values.begin(), values.end(), [&] { return static_cast<float>(distribution(random)); });
  return values;
}

inline std::vector<std::byte> bytes_of(std::span<const float> values) {
  std::vector<std::byte> bytes(values.size() * 4);
  for (std::size_t i = 0; i < values.size(); ++i) {
    numeric::store_le(values[i], bytes.data() + 4 * i);
  }
  return bytes;
}

inline std::vector<std::byte> trained(std::size_t count, unsigned seed) { return bytes_of(drawn(std::normal_distribution<double>(0, 0.02), count, seed)); }

/// Random bits in the `bits` lowest of `count` elements from `first` on.
inline void fill(std::vector<std::byte>& bytes, unsigned bits, std::size_t first, std::size_t count) {
  const auto random = noise(4 * count, bits + 100);
  const auto mask = (std::uint32_t{1} << bits) - 1;
  for (std::size_t i = 0; i < count; ++i) {
    auto* element = bytes.data() + 4 * (first + i);
    const auto old = numeric::load_le<std::uint32_t>(element);
    numeric::store_le((old & ~mask) | (numeric::load_le<std::uint32_t>(random.data() + 4 * i) & mask), element);
  }
}

}  // namespace upinspect::test
