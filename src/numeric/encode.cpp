// SPDX-License-Identifier: Apache-2.0
#include "numeric/encode.hpp"

#include "numeric/instruction_set.hpp"
#include "numeric/load.hpp"
#include "numeric/small_float.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace upinspect::numeric {

namespace {

constexpr int k_double_fraction = 52;
constexpr int k_double_bias = 1023;

/// The pattern below the sign of a format's NaN, and of what lies beyond its greatest value.
struct Ends {
  std::uint32_t greatest;
  std::uint32_t beyond;
  std::uint32_t nan;
};

constexpr Ends ends_of(const SmallFloat& format) noexcept {
  const auto ones = (std::uint32_t{1} << (format.exponent_bits + format.fraction_bits)) - 1;
  const auto infinity = ones - ((std::uint32_t{1} << format.fraction_bits) - 1);
  const auto quiet = std::uint32_t{1} << (format.fraction_bits - 1);
  if (format.specials == Specials::ieee) {
    return {infinity - 1, infinity, infinity | quiet};
  }
  // Where there is no infinity, NaN stands for it; the fnuz formats write NaN as a negative zero.
  const auto nan = format.specials == Specials::fn ? ones : ones + 1;
  return {format.specials == Specials::fn ? ones - 1 : ones, nan, nan};
}

/// `significand` without its last `shift` bits, rounded to nearest, ties to even.
constexpr std::uint64_t rounded(std::uint64_t significand, int shift) noexcept {
  const auto kept = significand >> shift;
  const auto rest = significand & ((std::uint64_t{1} << shift) - 1);
  const auto half = std::uint64_t{1} << (shift - 1);
  return kept + static_cast<std::uint64_t>(rest > half || (rest == half && (kept & 1) != 0));
}

/// The pattern below the sign. Doubles too small for a hidden one are far below every format's half of its least.
std::uint32_t magnitude_of(const SmallFloat& format, std::uint64_t magnitude, const Ends& ends) noexcept {
  const auto stored = static_cast<int>(magnitude >> k_double_fraction);
  if (stored == 0) {
    return 0;
  }
  const auto significand = (magnitude & ((std::uint64_t{1} << k_double_fraction) - 1)) | std::uint64_t{1} << k_double_fraction;
  const int exponent = stored - k_double_bias;
  const int least = 1 - format.bias;
  const int fraction_bits = static_cast<int>(format.fraction_bits);
  const int shift = k_double_fraction - fraction_bits + std::max(least - exponent, 0);
  if (shift > k_double_fraction + 1) {
    return 0;
  }
  // Rounding up to the next power of two carries into the exponent by itself.
  const auto above = exponent > least ? static_cast<std::uint64_t>(exponent - least) << fraction_bits : 0;
  const auto pattern = above + rounded(significand, shift);
  return pattern > ends.greatest ? ends.beyond : static_cast<std::uint32_t>(pattern);
}

std::uint32_t encode_one(const SmallFloat& format, double value, const Ends& ends) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto magnitude = bits & (~std::uint64_t{0} >> 1);
  constexpr auto k_infinity = std::bit_cast<std::uint64_t>(std::numeric_limits<double>::infinity());
  const auto pattern = magnitude > k_infinity    ? ends.nan
                       : magnitude == k_infinity ? ends.beyond
                                                 : magnitude_of(format, magnitude, ends);
  const auto sign = static_cast<std::uint32_t>(bits >> 63) << (format.exponent_bits + format.fraction_bits);
  const bool unsigned_pattern = format.specials == Specials::fnuz && (pattern == 0 || pattern == ends.nan);
  return unsigned_pattern ? pattern : pattern | sign;
}

template <typename Bits, typename Float>
void encode_small(const SmallFloat& format, std::span<const Float> values, std::byte* out) noexcept {
  const auto ends = ends_of(format);
  for (std::size_t i = 0; i < values.size(); ++i) {
    store_le(static_cast<Bits>(encode_one(format, static_cast<double>(values[i]), ends)), out + i * sizeof(Bits));
  }
}

template <typename To, typename Float>
void store_all(std::span<const Float> values, std::byte* out) noexcept {
  for (std::size_t i = 0; i < values.size(); ++i) {
    store_le(static_cast<To>(values[i]), out + i * sizeof(To));
  }
}

// --- f32 to the two formats that weights are mostly in, without branches, so that the vectoriser takes them --------

/// Adds half of the last kept bit, less a bit where that is even, and cuts.
UPINSPECT_INLINE std::uint16_t bf16_of(std::uint32_t bits) noexcept {
  const auto even = (bits >> 16) & 1;
  const auto rounded_up = (bits + 0x7fff + even) >> 16;
  const bool nan = (bits & 0x7fffffffU) > 0x7f800000U;
  return static_cast<std::uint16_t>(nan ? (bits >> 16) | 0x40U : rounded_up);
}

/// As bf16 for normal f16; a subnormal one is what the float unit leaves when its last bit is worth 2^-24.
UPINSPECT_INLINE std::uint16_t f16_of(std::uint32_t bits) noexcept {
  constexpr std::uint32_t k_too_large = 0x47800000;    // 2^16
  constexpr std::uint32_t k_least_normal = 0x38800000; // 2^-14
  constexpr std::uint32_t k_rebias = std::uint32_t{127 - 15} << 23;
  const auto magnitude = bits & 0x7fffffffU;
  const auto odd = (magnitude >> 13) & 1;
  const auto normal = (magnitude - k_rebias + 0xfff + odd) >> 13;
  const auto shifted = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F);
  const auto subnormal = shifted - std::bit_cast<std::uint32_t>(0.5F);
  const std::uint32_t special = magnitude > 0x7f800000U ? 0x7e00U | ((magnitude >> 13) & 0x3ffU) : 0x7c00U;
  const auto finite = magnitude < k_least_normal ? subnormal : normal;
  const auto pattern = magnitude >= k_too_large ? special : finite;
  return static_cast<std::uint16_t>(pattern | (bits >> 16 & 0x8000U));
}

template <std::uint16_t (*pattern_of)(std::uint32_t) noexcept>
UPINSPECT_INLINE void encode_plainly(std::span<const float> values, std::byte* out) noexcept {
  for (std::size_t i = 0; i < values.size(); ++i) {
    store_le(pattern_of(std::bit_cast<std::uint32_t>(values[i])), out + 2 * i);
  }
}

#if defined(__x86_64__)
template <std::uint16_t (*pattern_of)(std::uint32_t) noexcept>
UPINSPECT_FOR_AVX2 void encode_avx2(std::span<const float> values, std::byte* out) noexcept { encode_plainly<pattern_of>(values, out); }
template <std::uint16_t (*pattern_of)(std::uint32_t) noexcept>
UPINSPECT_FOR_AVX512 void encode_avx512(std::span<const float> values, std::byte* out) noexcept { encode_plainly<pattern_of>(values, out); }
#endif

template <std::uint16_t (*pattern_of)(std::uint32_t) noexcept>
void encode_quickly(std::span<const float> values, std::byte* out) noexcept {
#if defined(__x86_64__)
  switch (instruction_set()) {
    case InstructionSet::avx512: return encode_avx512<pattern_of>(values, out);
    case InstructionSet::avx2: return encode_avx2<pattern_of>(values, out);
    case InstructionSet::plain: break;
  }
#endif
  encode_plainly<pattern_of>(values, out);
}

template <typename Float>
void encode(Dtype dtype, std::span<const Float> values, std::span<std::byte> out) noexcept {
  values = values.first(std::min(values.size(), out.size() / std::max<std::size_t>(info(dtype).block_bytes, 1)));
  switch (dtype) {
    case Dtype::f64: return store_all<double>(values, out.data());
    case Dtype::f32: return store_all<float>(values, out.data());
    case Dtype::f16: return encode_small<std::uint16_t>(k_f16, values, out.data());
    case Dtype::bf16: return encode_small<std::uint16_t>(k_bf16, values, out.data());
    case Dtype::f8_e4m3: return encode_small<std::uint8_t>(k_f8_e4m3, values, out.data());
    case Dtype::f8_e5m2: return encode_small<std::uint8_t>(k_f8_e5m2, values, out.data());
    case Dtype::f8_e4m3fnuz: return encode_small<std::uint8_t>(k_f8_e4m3fnuz, values, out.data());
    case Dtype::f8_e5m2fnuz: return encode_small<std::uint8_t>(k_f8_e5m2fnuz, values, out.data());
    default: return;
  }
}

}  // namespace

bool can_encode(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::f64:
    case Dtype::f32:
    case Dtype::f16:
    case Dtype::bf16:
    case Dtype::f8_e4m3:
    case Dtype::f8_e5m2:
    case Dtype::f8_e4m3fnuz:
    case Dtype::f8_e5m2fnuz: return true;
    default: return false;
  }
}

void encode_values(Dtype dtype, std::span<const double> values, std::span<std::byte> out) noexcept {
  encode(dtype, values, out);
}

void encode_values(Dtype dtype, std::span<const float> values, std::span<std::byte> out) noexcept {
  const auto count = std::min(values.size(), out.size() / 2);
  if (dtype == Dtype::bf16) {
    encode_quickly<bf16_of>(values.first(count), out.data());
  } else if (dtype == Dtype::f16) {
    encode_quickly<f16_of>(values.first(count), out.data());
  } else {
    encode(dtype, values, out);
  }
}

}  // namespace upinspect::numeric
