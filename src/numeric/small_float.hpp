// SPDX-License-Identifier: Apache-2.0
// The floating formats of 4, 8 and 16 bits: what a pattern of bits is worth, exactly, as a double.
#pragma once

#include "upinspect/dtype.hpp"

#include <cstdint>
#include <limits>
#include <optional>

namespace upinspect::numeric {

/// How a format spends its highest exponents.
enum class Specials : std::uint8_t {
  ieee,    ///< the highest exponent is infinity (fraction 0) or NaN
  fn,      ///< no infinity; only all ones below the sign is NaN
  fnuz,    ///< no infinity, no negative zero: that pattern is the one NaN
  none,    ///< every pattern is a number
  powers,  ///< no sign, no zero, no fraction: 2^(bits - bias), all ones is NaN
};

enum class FloatClass : std::uint8_t { zero, subnormal, normal, infinite, nan };

/// A binary format: sign (unless Specials::powers), exponent, fraction, from the highest bit down.
struct SmallFloat {
  unsigned exponent_bits;
  unsigned fraction_bits;
  int bias;
  Specials specials;

  [[nodiscard]] constexpr std::uint32_t fraction(std::uint32_t bits) const noexcept {
    return bits & ((std::uint32_t{1} << fraction_bits) - 1);
  }
  [[nodiscard]] constexpr std::uint32_t exponent(std::uint32_t bits) const noexcept {
    return (bits >> fraction_bits) & ((std::uint32_t{1} << exponent_bits) - 1);
  }
  [[nodiscard]] constexpr bool negative(std::uint32_t bits) const noexcept {
    return specials != Specials::powers && ((bits >> (fraction_bits + exponent_bits)) & 1) != 0;
  }
};

inline constexpr SmallFloat k_f16{5, 10, 15, Specials::ieee};
inline constexpr SmallFloat k_bf16{8, 7, 127, Specials::ieee};
inline constexpr SmallFloat k_f8_e4m3{4, 3, 7, Specials::fn};
inline constexpr SmallFloat k_f8_e5m2{5, 2, 15, Specials::ieee};
inline constexpr SmallFloat k_f8_e4m3fnuz{4, 3, 8, Specials::fnuz};
inline constexpr SmallFloat k_f8_e5m2fnuz{5, 2, 16, Specials::fnuz};
inline constexpr SmallFloat k_f8_e8m0{8, 0, 127, Specials::powers};
inline constexpr SmallFloat k_f4{2, 1, 1, Specials::none};

/// The format of `dtype`, where it is one of those above.
[[nodiscard]] std::optional<SmallFloat> small_float(Dtype dtype) noexcept;

[[nodiscard]] constexpr FloatClass classify(const SmallFloat& format, std::uint32_t bits) noexcept {
  const auto exponent = format.exponent(bits);
  const auto fraction = format.fraction(bits);
  const auto top = (std::uint32_t{1} << format.exponent_bits) - 1;
  switch (format.specials) {
    case Specials::ieee:
      if (exponent == top) {
        return fraction == 0 ? FloatClass::infinite : FloatClass::nan;
      }
      break;
    case Specials::fn:
      if (exponent == top && fraction == (std::uint32_t{1} << format.fraction_bits) - 1) {
        return FloatClass::nan;
      }
      break;
    case Specials::fnuz:
      if (exponent == 0 && fraction == 0 && format.negative(bits)) {
        return FloatClass::nan;
      }
      break;
    case Specials::powers: return exponent == top ? FloatClass::nan : FloatClass::normal;
    case Specials::none: break;
  }
  if (exponent != 0) {
    return FloatClass::normal;
  }
  return fraction == 0 ? FloatClass::zero : FloatClass::subnormal;
}

/// 2^exponent for -1022 <= exponent <= 1023, without a call into the math library.
[[nodiscard]] constexpr double power_of_two(int exponent) noexcept {
  return __builtin_bit_cast(double, static_cast<std::uint64_t>(exponent + 1023) << 52);
}

/// The value of `bits`; every value of these formats is a double. Every NaN becomes the positive quiet one.
[[nodiscard]] constexpr double to_double(const SmallFloat& format, std::uint32_t bits) noexcept {
  const auto kind = classify(format, bits);
  if (kind == FloatClass::nan) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double sign = format.negative(bits) ? -1.0 : 1.0;
  if (kind == FloatClass::infinite) {
    return sign * std::numeric_limits<double>::infinity();
  }
  const bool hidden_one = format.exponent(bits) != 0 || format.specials == Specials::powers;
  const auto significand = format.fraction(bits) + (hidden_one ? std::uint32_t{1} << format.fraction_bits : 0);
  const auto stored = static_cast<int>(format.exponent(bits));
  const int exponent = hidden_one ? stored : 1;
  return sign * static_cast<double>(significand) *
         power_of_two(exponent - format.bias - static_cast<int>(format.fraction_bits));
}

[[nodiscard]] constexpr double f16_to_double(std::uint16_t bits) noexcept { return to_double(k_f16, bits); }
[[nodiscard]] constexpr double bf16_to_double(std::uint16_t bits) noexcept { return to_double(k_bf16, bits); }

}  // namespace upinspect::numeric
