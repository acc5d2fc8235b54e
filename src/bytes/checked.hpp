// SPDX-License-Identifier: Apache-2.0
// Arithmetic on numbers from files: an overflow is an answer, not an accident.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace upinspect::bytes {

[[nodiscard]] constexpr std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    return std::nullopt;
  }
  return sum;
}

[[nodiscard]] constexpr std::optional<std::uint64_t> checked_mul(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    return std::nullopt;
  }
  return product;
}

/// The product of a shape, left to right as the reference readers multiply it: [2^32, 2^32, 0] overflows,
/// [0, 2^32, 2^32] does not. The empty product is 1.
[[nodiscard]] constexpr std::optional<std::uint64_t> checked_product(std::span<const std::uint64_t> shape) noexcept {
  std::uint64_t product = 1;
  for (const auto dimension : shape) {
    if (__builtin_mul_overflow(product, dimension, &product)) {
      return std::nullopt;
    }
  }
  return product;
}

}  // namespace upinspect::bytes
