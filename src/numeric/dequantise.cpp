// SPDX-License-Identifier: Apache-2.0
// Layouts and arithmetic are those of ggml-common.h and ggml-quants.c (dequantize_row_*). In the comments `d` and `m`
// are halves, a name with [n] is n bytes; a block stands for 32 values, a super-block (the K-quants) for 256.
#include "numeric/dequantise.hpp"

#include "numeric/byte_order.hpp"
#include "numeric/load.hpp"
#include "numeric/small_float.hpp"

#include <algorithm>
#include <array>

namespace upinspect::numeric {

namespace {

/// One block's bytes by name of their offset.
class Block {
 public:
  explicit Block(const std::byte* start) noexcept : m_start(start) {}

  [[nodiscard]] unsigned at(std::size_t offset) const noexcept { return std::to_integer<unsigned>(m_start[offset]); }
  [[nodiscard]] int low(std::size_t offset) const noexcept { return static_cast<int>(at(offset) & 0xfU); }
  [[nodiscard]] int high(std::size_t offset) const noexcept { return static_cast<int>(at(offset) >> 4); }
  [[nodiscard]] int signed_at(std::size_t offset) const noexcept { return load_le<std::int8_t>(m_start + offset); }
  [[nodiscard]] unsigned u16(std::size_t offset) const noexcept { return load_le<std::uint16_t>(m_start + offset); }
  [[nodiscard]] std::uint32_t u32(std::size_t offset) const noexcept { return load_le<std::uint32_t>(m_start + offset); }
  [[nodiscard]] float f32(std::size_t offset) const noexcept { return load_le<float>(m_start + offset); }
  [[nodiscard]] float half(std::size_t offset) const noexcept {
    return static_cast<float>(f16_to_double(load_le<std::uint16_t>(m_start + offset)));
  }

 private:
  const std::byte* m_start;
};

float real(int value) noexcept { return static_cast<float>(value); }

// d | qs[16]: value j in the low, value j + 16 in the high half of byte j, 8 in excess
void q4_0(Block in, float* out) noexcept {
  const float d = in.half(0);
  for (std::size_t j = 0; j < 16; ++j) {
    out[j] = real(in.low(2 + j) - 8) * d;
    out[j + 16] = real(in.high(2 + j) - 8) * d;
  }
}

// d | m | qs[16]
void q4_1(Block in, float* out) noexcept {
  const float d = in.half(0);
  const float m = in.half(2);
  for (std::size_t j = 0; j < 16; ++j) {
    out[j] = real(in.low(4 + j)) * d + m;
    out[j + 16] = real(in.high(4 + j)) * d + m;
  }
}

/// The fifth bit of value `j`, in its place.
int fifth(std::uint32_t bits, std::size_t j) noexcept { return static_cast<int>((bits >> j & 1U) << 4); }

// d | qh[4]: the fifth bits | qs[16], 16 in excess
void q5_0(Block in, float* out) noexcept {
  const float d = in.half(0);
  const auto high = in.u32(2);
  for (std::size_t j = 0; j < 16; ++j) {
    out[j] = real((in.low(6 + j) | fifth(high, j)) - 16) * d;
    out[j + 16] = real((in.high(6 + j) | fifth(high, j + 16)) - 16) * d;
  }
}

// d | m | qh[4] | qs[16]
void q5_1(Block in, float* out) noexcept {
  const float d = in.half(0);
  const float m = in.half(2);
  const auto high = in.u32(4);
  for (std::size_t j = 0; j < 16; ++j) {
    out[j] = real(in.low(8 + j) | fifth(high, j)) * d + m;
    out[j + 16] = real(in.high(8 + j) | fifth(high, j + 16)) * d + m;
  }
}

// d | qs[32], signed
void q8_0(Block in, float* out) noexcept {
  const float d = in.half(0);
  for (std::size_t j = 0; j < 32; ++j) {
    out[j] = real(in.signed_at(2 + j)) * d;
  }
}

// d | s: their sum times d | qs[32], signed
void q8_1(Block in, float* out) noexcept {
  const float d = in.half(0);
  for (std::size_t j = 0; j < 32; ++j) {
    out[j] = real(in.signed_at(4 + j)) * d;
  }
}

// scales[16]: scale in the low, minimum in the high half, of 16 values each | qs[64]: 2 bits | d | dmin
void q2_k(Block in, float* out) noexcept {
  const float d = in.half(80);
  const float dmin = in.half(82);
  for (std::size_t group = 0; group < 16; ++group) {
    const float scale = d * real(in.low(group));
    const float minimum = dmin * real(in.high(group));
    const auto bytes = 16 + group / 8 * 32 + group % 2 * 16;
    const auto shift = group % 8 / 2 * 2;
    for (std::size_t l = 0; l < 16; ++l) {
      out[group * 16 + l] = scale * real(static_cast<int>(in.at(bytes + l) >> shift & 3U)) - minimum;
    }
  }
}

// hmask[32]: the third bits, inverted | qs[64]: 2 bits | scales[12]: 16 of 6 bits, 32 in excess | d
void q3_k(Block in, float* out) noexcept {
  const float d = in.half(108);
  for (std::size_t group = 0; group < 16; ++group) {
    const auto nibble = group < 8 ? in.low(96 + group) : in.high(88 + group);
    const auto top = static_cast<int>((in.at(104 + group % 4) >> (group / 4 * 2) & 3U) << 4);
    const float scale = d * real((nibble | top) - 32);
    const auto bytes = 32 + group / 8 * 32 + group % 2 * 16;
    const auto shift = group % 8 / 2 * 2;
    for (std::size_t l = 0; l < 16; ++l) {
      const bool third = (in.at(group % 2 * 16 + l) >> (group / 2) & 1U) != 0;
      out[group * 16 + l] = scale * real(static_cast<int>(in.at(bytes + l) >> shift & 3U) - (third ? 0 : 4));
    }
  }
}

struct ScaleAndMinimum {
  float scale;
  float minimum;
};

// Eight scales and eight minima of 6 bits in 12 bytes: of the first four the low bits of bytes 0 to 3 and 4 to 7, of
// the others the halves of bytes 8 to 11, with the top bits of the first eight bytes above them.
ScaleAndMinimum packed_scale(Block in, std::size_t start, std::size_t index, float d, float dmin) noexcept {
  if (index < 4) {
    return {d * real(static_cast<int>(in.at(start + index) & 63U)), dmin * real(static_cast<int>(in.at(start + index + 4) & 63U))};
  }
  const auto scale = in.low(start + index + 4) | static_cast<int>(in.at(start + index - 4) >> 6 << 4);
  const auto minimum = in.high(start + index + 4) | static_cast<int>(in.at(start + index) >> 6 << 4);
  return {d * real(scale), dmin * real(minimum)};
}

// d | dmin | scales[12] | qs[128]: 32 values in the low halves of 32 bytes, the next 32 in their high halves
void q4_k(Block in, float* out) noexcept {
  const float d = in.half(0);
  const float dmin = in.half(2);
  for (std::size_t group = 0; group < 8; ++group) {
    const auto [scale, minimum] = packed_scale(in, 4, group, d, dmin);
    const auto bytes = 16 + group / 2 * 32;
    for (std::size_t l = 0; l < 32; ++l) {
      out[group * 32 + l] = scale * real(group % 2 == 0 ? in.low(bytes + l) : in.high(bytes + l)) - minimum;
    }
  }
}

// d | dmin | scales[12] | qh[32]: the fifth bits, one of each group in every byte | qs[128]
void q5_k(Block in, float* out) noexcept {
  const float d = in.half(0);
  const float dmin = in.half(2);
  for (std::size_t group = 0; group < 8; ++group) {
    const auto [scale, minimum] = packed_scale(in, 4, group, d, dmin);
    const auto bytes = 48 + group / 2 * 32;
    for (std::size_t l = 0; l < 32; ++l) {
      const auto nibble = group % 2 == 0 ? in.low(bytes + l) : in.high(bytes + l);
      out[group * 32 + l] = scale * real(nibble + fifth(in.at(16 + l), group)) - minimum;
    }
  }
}

// ql[128]: low 4 bits | qh[64]: high 2 bits | scales[16], signed | d; 32 in excess
void q6_k(Block in, float* out) noexcept {
  const float d = in.half(208);
  for (std::size_t group = 0; group < 8; ++group) {
    const auto half = group / 4;
    const auto quarter = group % 4;
    const auto low = half * 64 + quarter % 2 * 32;
    for (std::size_t l = 0; l < 32; ++l) {
      const auto nibble = quarter < 2 ? in.low(low + l) : in.high(low + l);
      const auto top = static_cast<int>((in.at(128 + half * 32 + l) >> (quarter * 2) & 3U) << 4);
      const float scale = d * real(in.signed_at(192 + group * 2 + l / 16));
      out[group * 32 + l] = scale * real((nibble | top) - 32);
    }
  }
}

// f32 d | qs[256], signed | bsums[32]: sums of 16 values each
void q8_k(Block in, float* out) noexcept {
  const float d = in.f32(0);
  for (std::size_t j = 0; j < 256; ++j) {
    out[j] = d * real(in.signed_at(4 + j));
  }
}

constexpr std::array<int, 16> k_iq4{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

// d | qs[16]: places in the table
void iq4_nl(Block in, float* out) noexcept {
  const float d = in.half(0);
  for (std::size_t j = 0; j < 16; ++j) {
    out[j] = d * real(k_iq4[static_cast<std::size_t>(in.low(2 + j))]);
    out[j + 16] = d * real(k_iq4[static_cast<std::size_t>(in.high(2 + j))]);
  }
}

// d | u16: high 2 bits of 8 scales | scales_l[4]: their low 4 bits | qs[128]; scales are 32 in excess
void iq4_xs(Block in, float* out) noexcept {
  const float d = in.half(0);
  const auto high = in.u16(2);
  for (std::size_t group = 0; group < 8; ++group) {
    const auto nibble = group % 2 == 0 ? in.low(4 + group / 2) : in.high(4 + group / 2);
    const float scale = d * real((nibble | static_cast<int>((high >> (2 * group) & 3U) << 4)) - 32);
    for (std::size_t j = 0; j < 16; ++j) {
      out[group * 32 + j] = scale * real(k_iq4[static_cast<std::size_t>(in.low(8 + group * 16 + j))]);
      out[group * 32 + j + 16] = scale * real(k_iq4[static_cast<std::size_t>(in.high(8 + group * 16 + j))]);
    }
  }
}

/// Digit `place` of the five base-3 digits that a byte holds as a fraction of 256, first digit highest.
int trit(unsigned byte, std::size_t place) noexcept {
  constexpr std::array<unsigned, 5> k_powers{1, 3, 9, 27, 81};
  return static_cast<int>((byte * k_powers[place] & 0xffU) * 3 >> 8);
}

// qs[48]: 5 values in each byte, 32 bytes side by side and then 16 | qh[4]: 4 values in each | d
void tq1_0(Block in, float* out) noexcept {
  const float d = in.half(52);
  const auto run = [&](std::size_t start, std::size_t bytes, std::size_t digits) {
    for (std::size_t place = 0; place < digits; ++place) {
      for (std::size_t l = 0; l < bytes; ++l) {
        *out++ = real(trit(in.at(start + l), place) - 1) * d;
      }
    }
  };
  run(0, 32, 5);
  run(32, 16, 5);
  run(48, 4, 4);
}

// qs[64]: 2 bits | d
void tq2_0(Block in, float* out) noexcept {
  const float d = in.half(64);
  for (std::size_t group = 0; group < 8; ++group) {
    for (std::size_t l = 0; l < 32; ++l) {
      out[group * 32 + l] = real(static_cast<int>(in.at(group / 4 * 32 + l) >> (group % 4 * 2) & 3U) - 1) * d;
    }
  }
}

// e: a power of two | qs[16]: places in the table of e2m1, doubled, which the power makes up for
void mxfp4(Block in, float* out) noexcept {
  constexpr std::array<int, 16> k_e2m1{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
  const auto d = static_cast<float>(power_of_two(static_cast<int>(in.at(0)) - 128));
  for (std::size_t j = 0; j < 16; ++j) {
    out[j] = real(k_e2m1[static_cast<std::size_t>(in.low(1 + j))]) * d;
    out[j + 16] = real(k_e2m1[static_cast<std::size_t>(in.high(1 + j))]) * d;
  }
}

using Decode = void (*)(Block, float*) noexcept;

/// `count` numbers of `width` bytes from `offset` on.
struct Field {
  std::uint16_t offset = 0;
  std::uint8_t count = 0;
  std::uint8_t width = 0;
};

struct Row {
  Dtype dtype;
  Decode decode = nullptr;
  std::array<Field, 2> fields{};
};

constexpr std::array k_rows{
    Row{Dtype::q4_0, q4_0, {{{0, 1, 2}}}},
    Row{Dtype::q4_1, q4_1, {{{0, 2, 2}}}},
    Row{Dtype::q5_0, q5_0, {{{0, 1, 2}}}},
    Row{Dtype::q5_1, q5_1, {{{0, 2, 2}}}},
    Row{Dtype::q8_0, q8_0, {{{0, 1, 2}}}},
    Row{Dtype::q8_1, q8_1, {{{0, 2, 2}}}},
    Row{Dtype::q2_k, q2_k, {{{80, 2, 2}}}},
    Row{Dtype::q3_k, q3_k, {{{108, 1, 2}}}},
    Row{Dtype::q4_k, q4_k, {{{0, 2, 2}}}},
    Row{Dtype::q5_k, q5_k, {{{0, 2, 2}}}},
    Row{Dtype::q6_k, q6_k, {{{208, 1, 2}}}},
    Row{Dtype::q8_k, q8_k, {{{0, 1, 4}, {260, 16, 2}}}},
    Row{Dtype::iq4_nl, iq4_nl, {{{0, 1, 2}}}},
    Row{Dtype::iq4_xs, iq4_xs, {{{0, 2, 2}}}},
    Row{Dtype::tq1_0, tq1_0, {{{52, 1, 2}}}},
    Row{Dtype::tq2_0, tq2_0, {{{64, 1, 2}}}},
    Row{Dtype::mxfp4, mxfp4},
    Row{Dtype::iq2_xxs, nullptr, {{{0, 33, 2}}}},
    Row{Dtype::iq2_xs, nullptr, {{{0, 33, 2}}}},
    Row{Dtype::iq3_xxs, nullptr, {{{0, 1, 2}}}},
    Row{Dtype::iq1_s, nullptr, {{{0, 1, 2}, {34, 8, 2}}}},
    Row{Dtype::iq3_s, nullptr, {{{0, 1, 2}}}},
    Row{Dtype::iq2_s, nullptr, {{{0, 1, 2}}}},
};

const Row* row_of(Dtype dtype) noexcept {
  const auto* found = std::find_if(k_rows.begin(), k_rows.end(), [dtype](const Row& row) { return row.dtype == dtype; });
  return found == k_rows.end() ? nullptr : found;
}

}  // namespace

bool can_dequantise(Dtype dtype) noexcept {
  const auto* row = row_of(dtype);
  return row != nullptr && row->decode != nullptr;
}

void dequantise(Dtype dtype, std::span<const std::byte> blocks, std::span<float> out) noexcept {
  const auto* row = row_of(dtype);
  if (row == nullptr || row->decode == nullptr) {
    return;
  }
  const std::size_t bytes = info(dtype).block_bytes;
  const std::size_t elements = info(dtype).block_elements;
  for (; blocks.size() >= bytes && out.size() >= elements; blocks = blocks.subspan(bytes), out = out.subspan(elements)) {
    row->decode(Block(blocks.data()), out.data());
  }
}

void swap_block_fields(Dtype dtype, std::span<std::byte> blocks) noexcept {
  const auto* row = row_of(dtype);
  const std::size_t bytes = info(dtype).block_bytes;
  for (; row != nullptr && blocks.size() >= bytes; blocks = blocks.subspan(bytes)) {
    for (const auto& field : row->fields) {
      swap_bytes(blocks.subspan(field.offset, static_cast<std::size_t>(field.count) * field.width), field.width);
    }
  }
}

}  // namespace upinspect::numeric
