// SPDX-License-Identifier: Apache-2.0
// Sums of two doubles that carry about 106 bits (Dekker 1971; Knuth, TAOCP 2, 4.2.2), for the few operations that
// join what millions of elements gave. No fused multiply-add, so that every machine computes the same bits.
#pragma once

#include <cstdint>

namespace upinspect::numeric {

__extension__ using Wide = unsigned __int128;

/// The unevaluated sum high + low with |low| at most half a unit in the last place of high.
struct DoubleDouble {
  double high = 0;
  double low = 0;

  [[nodiscard]] constexpr double rounded() const noexcept { return high + low; }
  friend bool operator==(const DoubleDouble&, const DoubleDouble&) = default;
};

[[nodiscard]] constexpr DoubleDouble two_sum(double a, double b) noexcept {
  const double sum = a + b;
  const double part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

/// As two_sum, for |a| >= |b|.
[[nodiscard]] constexpr DoubleDouble quick_two_sum(double a, double b) noexcept {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

/// a * b exactly, for magnitudes below 2^995 whose product's low part does not underflow.
[[nodiscard]] constexpr DoubleDouble two_product(double a, double b) noexcept {
  constexpr double k_split = 134217729.0;  // 2^27 + 1
  const double a_scaled = k_split * a;
  const double a_high = a_scaled - (a_scaled - a);
  const double a_low = a - a_high;
  const double b_scaled = k_split * b;
  const double b_high = b_scaled - (b_scaled - b);
  const double b_low = b - b_high;
  const double product = a * b;
  return {product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low};
}

[[nodiscard]] constexpr DoubleDouble operator+(DoubleDouble a, DoubleDouble b) noexcept {
  auto high = two_sum(a.high, b.high);
  const auto low = two_sum(a.low, b.low);
  high = quick_two_sum(high.high, high.low + low.high);
  return quick_two_sum(high.high, high.low + low.low);
}

[[nodiscard]] constexpr DoubleDouble operator-(DoubleDouble a) noexcept { return {-a.high, -a.low}; }
[[nodiscard]] constexpr DoubleDouble operator-(DoubleDouble a, DoubleDouble b) noexcept { return a + -b; }

[[nodiscard]] constexpr DoubleDouble operator*(DoubleDouble a, DoubleDouble b) noexcept {
  const auto product = two_product(a.high, b.high);
  return quick_two_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

[[nodiscard]] constexpr DoubleDouble operator/(DoubleDouble a, DoubleDouble b) noexcept {
  const double first = a.high / b.high;
  const auto rest = a - b * DoubleDouble{first, 0};
  const double second = rest.high / b.high;
  const auto rest2 = rest - b * DoubleDouble{second, 0};
  const auto quotient = quick_two_sum(first, second);
  return quotient + DoubleDouble{rest2.high / b.high, 0};
}

/// `value` times a power of two.
[[nodiscard]] constexpr DoubleDouble scaled(DoubleDouble value, double power) noexcept {
  return {value.high * power, value.low * power};
}

/// An integer, exactly.
[[nodiscard]] constexpr DoubleDouble from_integer(std::uint64_t value) noexcept {
  constexpr double k_two_32 = 4294967296.0;
  return quick_two_sum(static_cast<double>(static_cast<std::int64_t>(value >> 32)) * k_two_32,
                       static_cast<double>(static_cast<std::int64_t>(value & 0xffffffff)));
}

/// An integer, exactly up to 2^106 and rounded above.
[[nodiscard]] constexpr DoubleDouble from_wide(Wide value) noexcept {
  constexpr double k_two_64 = 18446744073709551616.0;
  return scaled(from_integer(static_cast<std::uint64_t>(value >> 64)), k_two_64) +
         from_integer(static_cast<std::uint64_t>(value));
}

}  // namespace upinspect::numeric
