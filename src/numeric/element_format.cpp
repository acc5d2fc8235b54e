// SPDX-License-Identifier: Apache-2.0
#include "numeric/element_format.hpp"

#include <bit>
#include <cmath>

namespace upinspect::numeric {
namespace {

constexpr SmallFloat k_f32{8, 23, 127, Specials::ieee};
constexpr SmallFloat k_f64{11, 52, 1023, Specials::ieee};

ElementFormat floating(unsigned width, const SmallFloat& layout) { return {width, Scale::floating, layout}; }

ElementFormat whole_number(unsigned width, Scale scale) { return {width, scale, {0, 0, 0, Specials::none}}; }

}  // namespace

ElementFormat element_format(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::f64:
    case Dtype::c128: return floating(8, k_f64);
    case Dtype::f32:
    case Dtype::c64: return floating(4, k_f32);
    case Dtype::c32: return floating(2, k_f16);
    case Dtype::i64: return whole_number(8, Scale::signed_integer);
    case Dtype::i32:
    case Dtype::qint32: return whole_number(4, Scale::signed_integer);
    case Dtype::i16: return whole_number(2, Scale::signed_integer);
    case Dtype::i8:
    case Dtype::qint8: return whole_number(1, Scale::signed_integer);
    case Dtype::u64: return whole_number(8, Scale::unsigned_integer);
    case Dtype::u32: return whole_number(4, Scale::unsigned_integer);
    case Dtype::u16: return whole_number(2, Scale::unsigned_integer);
    case Dtype::u8:
    case Dtype::boolean:
    case Dtype::quint8: return whole_number(1, Scale::unsigned_integer);
    case Dtype::f4: return {};
    default: break;
  }
  if (const auto small = small_float(dtype)) {
    return floating((small->exponent_bits + small->fraction_bits) / 8 + 1, *small);
  }
  return {};
}

bool is_finite(const ElementFormat& format, std::uint64_t pattern) noexcept {
  if (format.scale != Scale::floating) {
    return true;
  }
  if (format.width <= 2) {
    const auto kind = classify(format.layout, static_cast<std::uint32_t>(pattern));
    return kind != FloatClass::nan && kind != FloatClass::infinite;
  }
  const auto top = (std::uint64_t{1} << format.layout.exponent_bits) - 1;
  return ((pattern >> format.layout.fraction_bits) & top) != top;
}

double value_of(const ElementFormat& format, std::uint64_t pattern) noexcept {
  switch (format.scale) {
    case Scale::floating:
      if (format.width == 8) {
        return std::bit_cast<double>(pattern);
      }
      if (format.width == 4) {
        return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(pattern)));
      }
      return to_double(format.layout, static_cast<std::uint32_t>(pattern));
    case Scale::signed_integer:
      return static_cast<double>(static_cast<std::int64_t>(pattern << (64 - format.bits())) >> (64 - format.bits()));
    case Scale::unsigned_integer: return static_cast<double>(pattern);
    case Scale::opaque: break;
  }
  return 0;
}

double rounded_to(const SmallFloat& format, double value) noexcept {
  if (!std::isfinite(value)) {
    return value;
  }
  const int least = 1 - format.bias;
  const double magnitude = std::fabs(value);
  double result = 0;
  if (magnitude < power_of_two(least)) {
    // Adding and taking away a number whose last bit is the format's smallest step rounds in the adder itself.
    const double shifter = 1.5 * power_of_two(52) * power_of_two(least - static_cast<int>(format.fraction_bits));
    result = (magnitude + shifter) - shifter;
  } else {
    const auto bits = std::bit_cast<std::uint64_t>(magnitude);
    const unsigned drop = 52 - format.fraction_bits;
    if (drop == 0) {
      return value;
    }
    const auto half = (std::uint64_t{1} << (drop - 1)) - 1 + ((bits >> drop) & 1);
    result = std::bit_cast<double>(((bits + half) >> drop) << drop);
  }
  const int greatest = (1 << format.exponent_bits) - 2 - format.bias;
  if (greatest < 1023 && result >= power_of_two(greatest + 1)) {
    result = std::numeric_limits<double>::infinity();
  }
  return std::copysign(result, value);
}

}  // namespace upinspect::numeric
