// SPDX-License-Identifier: Apache-2.0
// Counts of special values and the extremes of the rest: integers that merge in any order.
#pragma once

#include "upinspect/artifact.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace upinspect::numeric {

// Keys are unsigned integers in the order of the values they stand for; among floats, -0 comes before +0.

[[nodiscard]] constexpr std::uint64_t order_key(double value) noexcept {
  constexpr std::uint64_t k_sign = std::uint64_t{1} << 63;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  // Turns over all bits of negative numbers and the sign of the others; signs are too random to branch on.
  return bits ^ (static_cast<std::uint64_t>(static_cast<std::int64_t>(bits) >> 63) | k_sign);
}

[[nodiscard]] constexpr std::uint64_t order_key(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}

[[nodiscard]] constexpr double double_of_key(std::uint64_t key) noexcept {
  constexpr std::uint64_t k_sign = std::uint64_t{1} << 63;
  return std::bit_cast<double>((key & k_sign) != 0 ? key ^ k_sign : ~key);
}

/// The number of type `kind` that `key` stands for.
[[nodiscard]] constexpr Number number_of_key(DtypeKind kind, std::uint64_t key) noexcept {
  switch (kind) {
    case DtypeKind::floating: return double_of_key(key);
    case DtypeKind::signed_integer: return static_cast<std::int64_t>(key ^ (std::uint64_t{1} << 63));
    default: return key;
  }
}

/// `least` and `greatest` are keys over the finite elements; least > greatest says that there are none.
struct Tally {
  std::uint64_t zeros = 0;
  std::uint64_t nans = 0;
  std::uint64_t infs = 0;
  std::uint64_t subnormals = 0;
  std::uint64_t least = UINT64_MAX;
  std::uint64_t greatest = 0;

  constexpr void extend(std::uint64_t key) noexcept {
    least = std::min(least, key);
    greatest = std::max(greatest, key);
  }

  constexpr void merge(const Tally& other) noexcept {
    zeros += other.zeros;
    nans += other.nans;
    infs += other.infs;
    subnormals += other.subnormals;
    least = std::min(least, other.least);
    greatest = std::max(greatest, other.greatest);
  }

  friend bool operator==(const Tally&, const Tally&) = default;
};

}  // namespace upinspect::numeric
