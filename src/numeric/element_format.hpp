// SPDX-License-Identifier: Apache-2.0
// How two elements of a type are compared: their width, the scale that orders them, and what they are worth.
#pragma once

#include "numeric/small_float.hpp"
#include "upinspect/dtype.hpp"

#include <cstdint>

namespace upinspect::numeric {

enum class Scale : std::uint8_t {
  floating,
  signed_integer,
  unsigned_integer,
  opaque,  ///< bytes of packed or quantised blocks: they differ or not, but have no distance
};

/// Of one element, or of one half of a complex number.
struct ElementFormat {
  unsigned width = 1;                       ///< bytes: 1, 2, 4 or 8
  Scale scale = Scale::opaque;
  SmallFloat layout{0, 0, 0, Specials::none};  ///< of a floating type, f32 and f64 too

  [[nodiscard]] constexpr unsigned bits() const noexcept { return width * 8; }

  /// A number lies below its negative at the distance of one from it: -0 and +0 are neighbours.
  [[nodiscard]] constexpr std::uint64_t ordered(std::uint64_t pattern) const noexcept {
    const auto sign = std::uint64_t{1} << (bits() - 1);
    const auto mask = sign | (sign - 1);
    switch (scale) {
      case Scale::floating:
        if (layout.specials == Specials::powers) {
          return pattern;
        }
        return (pattern & sign) != 0 ? ~pattern & mask : pattern | sign;
      case Scale::signed_integer: return pattern ^ sign;
      default: return pattern;
    }
  }
};

/// The format of `dtype`'s elements. Complex numbers are compared half by half, types that have no whole bytes or no
/// order byte by byte.
[[nodiscard]] ElementFormat element_format(Dtype dtype) noexcept;

/// False for infinities and NaN.
[[nodiscard]] bool is_finite(const ElementFormat& format, std::uint64_t pattern) noexcept;

/// What a pattern is worth; 0 for opaque bytes.
[[nodiscard]] double value_of(const ElementFormat& format, std::uint64_t pattern) noexcept;

/// `value` rounded to the nearest number of an IEEE format, ties to even, as hardware casts do.
[[nodiscard]] double rounded_to(const SmallFloat& format, double value) noexcept;

}  // namespace upinspect::numeric
