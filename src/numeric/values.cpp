// SPDX-License-Identifier: Apache-2.0
#include "numeric/values.hpp"

#include "numeric/dequantise.hpp"
#include "numeric/instruction_set.hpp"
#include "numeric/load.hpp"
#include "numeric/small_float.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace upinspect::numeric {

namespace {

using View = std::span<const std::byte>;

template <typename From, typename To>
void convert(View elements, std::span<To> out) noexcept {
  const auto count = std::min(elements.size() / sizeof(From), out.size());
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<To>(load_le<From>(elements.data() + i * sizeof(From)));
  }
}

template <typename To>
void widen_bf16(View elements, std::span<To> out) noexcept {
  const auto count = std::min(elements.size() / 2, out.size());
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = std::bit_cast<float>(std::uint32_t{load_le<std::uint16_t>(elements.data() + 2 * i)} << 16);
  }
}

/// The float of an f16, without a branch: the exponent is moved by a product, which normalises subnormals, and the
/// highest exponent is carried over to float's highest.
UPINSPECT_INLINE float f16_to_float(std::uint16_t half) noexcept {
  constexpr float k_rebias = 0x1p112F;  // 2^(127 - 15)
  constexpr float k_infinity = 65536.0F;
  const auto magnitude = std::uint32_t{half} & 0x7fffU;
  const float moved = std::bit_cast<float>(magnitude << 13) * k_rebias;
  const auto bits = std::bit_cast<std::uint32_t>(moved) | (moved >= k_infinity ? 0x7f800000U : 0U);
  return std::bit_cast<float>(bits | (std::uint32_t{half} & 0x8000U) << 16);
}

template <typename To>
UPINSPECT_INLINE void widen_f16_plainly(View elements, To* out) noexcept {
  for (std::size_t i = 0; i < elements.size() / 2; ++i) {
    out[i] = f16_to_float(load_le<std::uint16_t>(elements.data() + 2 * i));
  }
}

#if defined(__x86_64__)
UPINSPECT_FOR_AVX2 void widen_f16_avx2(View elements, float* out) noexcept { widen_f16_plainly(elements, out); }
UPINSPECT_FOR_AVX2 void widen_f16_avx2(View elements, double* out) noexcept { widen_f16_plainly(elements, out); }
UPINSPECT_FOR_AVX512 void widen_f16_avx512(View elements, float* out) noexcept { widen_f16_plainly(elements, out); }
UPINSPECT_FOR_AVX512 void widen_f16_avx512(View elements, double* out) noexcept { widen_f16_plainly(elements, out); }
#endif

template <typename To>
void widen_f16(View elements, std::span<To> out) noexcept {
  elements = elements.first(std::min(elements.size() / 2, out.size()) * 2);
#if defined(__x86_64__)
  switch (instruction_set()) {
    case InstructionSet::avx512: return widen_f16_avx512(elements, out.data());
    case InstructionSet::avx2: return widen_f16_avx2(elements, out.data());
    case InstructionSet::plain: break;
  }
#endif
  widen_f16_plainly(elements, out.data());
}

template <typename To>
void look_up(const SmallFloat& format, View elements, std::span<To> out) noexcept {
  std::array<To, 256> values{};
  for (std::uint32_t bits = 0; bits < values.size(); ++bits) {
    values[bits] = static_cast<To>(to_double(format, bits));
  }
  const auto count = std::min(elements.size(), out.size());
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = values[std::to_integer<std::size_t>(elements[i])];
  }
}

template <typename To>
void truth(View elements, std::span<To> out) noexcept {
  const auto count = std::min(elements.size(), out.size());
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = elements[i] != std::byte{0} ? To{1} : To{0};
  }
}

void decode_blocks(Dtype dtype, View elements, std::span<float> out) noexcept { dequantise(dtype, elements, out); }

void decode_blocks(Dtype dtype, View elements, std::span<double> out) noexcept {
  constexpr std::size_t k_largest_block = 256;
  std::array<float, k_largest_block> floats{};
  const std::size_t width = info(dtype).block_elements;
  const std::size_t bytes = info(dtype).block_bytes;
  for (; elements.size() >= bytes && out.size() >= width; elements = elements.subspan(bytes), out = out.subspan(width)) {
    dequantise(dtype, elements.first(bytes), std::span(floats).first(width));
    std::copy_n(floats.begin(), width, out.begin());
  }
}

template <typename To>
void decode(Dtype dtype, View elements, std::span<To> out) noexcept {
  switch (dtype) {
    case Dtype::f64: return convert<double>(elements, out);
    case Dtype::f32: return convert<float>(elements, out);
    case Dtype::f16: return widen_f16(elements, out);
    case Dtype::bf16: return widen_bf16(elements, out);
    case Dtype::i64: return convert<std::int64_t>(elements, out);
    case Dtype::i32: return convert<std::int32_t>(elements, out);
    case Dtype::i16: return convert<std::int16_t>(elements, out);
    case Dtype::i8: return convert<std::int8_t>(elements, out);
    case Dtype::u64: return convert<std::uint64_t>(elements, out);
    case Dtype::u32: return convert<std::uint32_t>(elements, out);
    case Dtype::u16: return convert<std::uint16_t>(elements, out);
    case Dtype::u8: return convert<std::uint8_t>(elements, out);
    case Dtype::boolean: return truth(elements, out);
    default: break;
  }
  if (can_dequantise(dtype)) {
    decode_blocks(dtype, elements, out);
  } else if (const auto format = small_float(dtype); format && info(dtype).block_elements == 1) {
    look_up(*format, elements, out);
  }
}

}  // namespace

bool has_values(Dtype dtype) noexcept {
  const auto& row = info(dtype);
  switch (row.kind) {
    case DtypeKind::floating:
    case DtypeKind::signed_integer:
    case DtypeKind::unsigned_integer:
    case DtypeKind::boolean: return row.block_elements == 1;
    default: return can_dequantise(dtype);
  }
}

void decode_values(Dtype dtype, View elements, std::span<float> out) noexcept { decode(dtype, elements, out); }
void decode_values(Dtype dtype, View elements, std::span<double> out) noexcept { decode(dtype, elements, out); }

}  // namespace upinspect::numeric
