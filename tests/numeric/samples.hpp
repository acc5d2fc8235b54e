// SPDX-License-Identifier: Apache-2.0
// Bytes to measure: the kinds of data that weights hold and those that make measuring hard.
#pragma once

#include "upinspect/dtype.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <vector>

namespace upinspect::test {

using Bytes = std::vector<std::byte>;

/// `values` as little-endian bytes.
template <typename T>
[[nodiscard]] Bytes little_endian(const std::vector<T>& values) {
  Bytes bytes;
  bytes.reserve(values.size() * sizeof(T));
  for (const auto& value : values) {
    std::array<std::byte, sizeof(T)> raw{};
    std::memcpy(raw.data(), &value, sizeof(T));
    if constexpr (std::endian::native == std::endian::big) {
      std::reverse(raw.begin(), raw.end());
    }
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  }
  return bytes;
}

/// Evenly spread over -0.5 to 0.5, multiples of 2^-24.
[[nodiscard]] inline std::vector<double> numbers(std::size_t count, std::uint64_t seed) {
  std::vector<double> out(count);
  for (auto& value : out) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    value = static_cast<double>(seed >> 40) / 16777216.0 - 0.5;
  }
  return out;
}

[[nodiscard]] inline Bytes random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes(size);
  for (auto& byte : bytes) {
    byte = static_cast<std::byte>(random() >> 56);
  }
  return bytes;
}

/// `bytes` with six of seven elements of `width` bytes made zero.
[[nodiscard]] inline Bytes sparse(Bytes bytes, std::size_t width, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < bytes.size(); i += width) {
    if (random() % 7 != 0) {
      std::memset(bytes.data() + i, 0, width);
    }
  }
  return bytes;
}

/// Elements with one pattern, `width` bytes long.
[[nodiscard]] inline Bytes constant_bytes(std::size_t elements, std::size_t width, std::uint64_t pattern) {
  Bytes bytes(elements * width);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(pattern >> (8 * (i % width % 8)));
  }
  return bytes;
}

/// Sums of uniform numbers, near enough to normal, from an own formula: the standard's distributions differ by library.
template <typename Float>
[[nodiscard]] std::vector<Float> normal_values(std::size_t count, double mean, double std, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Float> values(count);
  for (auto& value : values) {
    double sum = 0;
    for (int i = 0; i < 12; ++i) {
      sum += static_cast<double>(random() >> 11) * 0x1p-53;
    }
    value = static_cast<Float>(mean + std * (sum - 6));
  }
  return values;
}

/// Weights in the given float type, as its bytes: f16 and bf16 by cutting off bits, which is all the tests need.
[[nodiscard]] inline Bytes weights(Dtype dtype, std::size_t elements, std::uint64_t seed) {
  if (dtype == Dtype::f64) {
    return little_endian(normal_values<double>(elements, 0, 0.02, seed));
  }
  const auto floats = normal_values<float>(elements, 0, 0.02, seed);
  if (dtype == Dtype::f32) {
    return little_endian(floats);
  }
  std::vector<std::uint16_t> halves(elements);
  for (std::size_t i = 0; i < elements; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(dtype == Dtype::bf16 ? floats[i] : floats[i] * 0x1p-112F);
    const auto cut = dtype == Dtype::bf16 ? bits >> 16 : ((bits >> 13) & 0x7fff) | ((bits >> 16) & 0x8000);
    halves[i] = static_cast<std::uint16_t>(cut);
  }
  return little_endian(halves);
}

}  // namespace upinspect::test
