// SPDX-License-Identifier: Apache-2.0
// Measures a tensor the slow way, from the definitions and without the code under test: what results are held against.
#pragma once

#include "upinspect/artifact.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace upinspect::test {

/// Sixty-four bits of significand where the compiler has them, which the checks of mean and std count on.
using Real = long double;

struct ReferenceStats {
  std::uint64_t finite = 0;
  std::uint64_t zeros = 0;
  std::uint64_t nans = 0;
  std::uint64_t infs = 0;
  std::uint64_t subnormals = 0;
  Real min = 0;
  Real max = 0;
  Real mean = 0;
  Real std = 0;
  Real l2 = 0;
};

[[nodiscard]] inline std::uint64_t bits_at(std::span<const std::byte> bytes, std::size_t first, std::size_t width) {
  std::uint64_t bits = 0;
  for (std::size_t i = width; i-- > 0;) {
    bits = (bits << 8) | std::to_integer<std::uint64_t>(bytes[first + i]);
  }
  return bits;
}

/// Sign, exponent and fraction of an IEEE 754 binary format or one shaped like it.
struct Layout {
  int exponent_bits;
  int fraction_bits;
  int bias;
};

[[nodiscard]] inline Layout layout_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::f64: return {11, 52, 1023};
    case Dtype::f32: return {8, 23, 127};
    case Dtype::f16: return {5, 10, 15};
    case Dtype::bf16: return {8, 7, 127};
    case Dtype::f8_e5m2: return {5, 2, 15};
    case Dtype::f8_e4m3: return {4, 3, 7};
    case Dtype::f8_e4m3fnuz: return {4, 3, 8};
    case Dtype::f8_e5m2fnuz: return {5, 2, 16};
    default: return {0, 0, 0};
  }
}

enum class Kind { finite, infinite, nan };

struct Element {
  Real value = 0;
  Kind kind = Kind::finite;
  bool subnormal = false;
};

[[nodiscard]] inline Kind special_kind(Dtype dtype, std::uint64_t bits, bool top, std::uint64_t fraction) {
  switch (dtype) {
    case Dtype::f8_e4m3: return (bits & 0x7f) == 0x7f ? Kind::nan : Kind::finite;
    case Dtype::f8_e4m3fnuz:
    case Dtype::f8_e5m2fnuz: return bits == 0x80 ? Kind::nan : Kind::finite;
    default: return !top ? Kind::finite : fraction == 0 ? Kind::infinite : Kind::nan;
  }
}

[[nodiscard]] inline Element float_element(Dtype dtype, std::uint64_t bits) {
  const auto layout = layout_of(dtype);
  const auto fraction = bits & ((std::uint64_t{1} << layout.fraction_bits) - 1);
  const auto exponent = static_cast<int>((bits >> layout.fraction_bits) & ((1U << layout.exponent_bits) - 1));
  const bool negative = ((bits >> (layout.fraction_bits + layout.exponent_bits)) & 1) != 0;
  Element element;
  element.kind = special_kind(dtype, bits, exponent == (1 << layout.exponent_bits) - 1, fraction);
  if (element.kind != Kind::finite) {
    return element;
  }
  const Real unit = std::ldexp(Real{1}, -layout.fraction_bits);
  const Real significand = static_cast<Real>(fraction) * unit + (exponent == 0 ? 0 : 1);
  element.value = std::ldexp(significand, (exponent == 0 ? 1 : exponent) - layout.bias) * (negative ? -1 : 1);
  element.subnormal = exponent == 0 && fraction != 0;
  return element;
}

[[nodiscard]] inline Element element_of(Dtype dtype, std::uint64_t bits) {
  const auto& row = info(dtype);
  if (dtype == Dtype::f8_e8m0) {
    return bits == 255 ? Element{0, Kind::nan, false} : Element{std::ldexp(Real{1}, static_cast<int>(bits) - 127)};
  }
  if (row.kind == DtypeKind::floating) {
    return float_element(dtype, bits);
  }
  if (row.kind == DtypeKind::signed_integer) {
    const unsigned shift = 64 - 8U * row.block_bytes;
    return {static_cast<Real>(static_cast<std::int64_t>(bits << shift) >> shift)};
  }
  return {static_cast<Real>(bits)};
}

/// Counts and exact extremes; mean and std by two passes.
[[nodiscard]] inline ReferenceStats reference_stats(Dtype dtype, std::span<const std::byte> bytes) {
  ReferenceStats stats;
  std::vector<Real> values;
  const std::size_t width = info(dtype).block_bytes;
  for (std::size_t i = 0; i + width <= bytes.size(); i += width) {
    const auto element = element_of(dtype, bits_at(bytes, i, width));
    stats.nans += element.kind == Kind::nan ? 1 : 0;
    stats.infs += element.kind == Kind::infinite ? 1 : 0;
    if (element.kind == Kind::finite) {
      stats.zeros += element.value == 0 ? 1 : 0;
      stats.subnormals += element.subnormal ? 1 : 0;
      stats.min = values.empty() ? element.value : std::fmin(stats.min, element.value);
      stats.max = values.empty() ? element.value : std::fmax(stats.max, element.value);
      values.push_back(element.value);
    }
  }
  stats.finite = values.size();
  const auto n = static_cast<Real>(values.empty() ? 1 : values.size());
  const Real origin = values.empty() ? 0 : values.front();
  for (const auto value : values) {
    stats.mean += (value - origin) / n;
    stats.l2 += value * value;
  }
  Real spread = 0;
  for (const auto value : values) {
    const Real deviation = value - origin - stats.mean;
    spread += deviation * deviation;
  }
  stats.mean += origin;
  stats.std = std::sqrt(spread / n);
  stats.l2 = std::sqrt(stats.l2);
  return stats;
}

/// -sum p log2 p of the bytes at positions `first`, `first` + `step`, ...
[[nodiscard]] inline double reference_entropy(std::span<const std::byte> bytes, std::size_t first, std::size_t step) {
  std::vector<std::uint64_t> counts(256);
  std::uint64_t total = 0;
  for (std::size_t i = first; i < bytes.size(); i += step, ++total) {
    ++counts[std::to_integer<std::size_t>(bytes[i])];
  }
  Real bits = 0;
  for (const auto count : counts) {
    if (count != 0) {
      const Real p = static_cast<Real>(count) / static_cast<Real>(total);
      bits -= p * std::log2(p);
    }
  }
  return static_cast<double>(bits);
}

}  // namespace upinspect::test
