// SPDX-License-Identifier: Apache-2.0
#include "forensics/blind_layouts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

namespace upinspect::forensics {
namespace {

constexpr std::size_t k_most_stride = 16;

class Layouts {
 public:
  explicit Layouts(unsigned width) : m_bits(width * 8) {}

  /// One end first all the way: of the field and of the byte.
  void add_straight(Field field, unsigned character_bits = 8) {
    for (const auto order : {BitOrder::msb, BitOrder::lsb}) {
      field.field_order = field.byte_order = order;
      add(field, character_bits);
    }
  }

  void add_crossed(Field field) {
    for (const auto order : {BitOrder::msb, BitOrder::lsb}) {
      field.byte_order = order;
      field.field_order = order == BitOrder::msb ? BitOrder::lsb : BitOrder::msb;
      add(field, 8);
    }
  }

  void add(const Field& field, unsigned character_bits) {
    if (field.base + field.bits <= m_bits) {
      m_layouts.push_back({field, character_bits, field.base >= 8 ? PayloadStream::byte_plane : PayloadStream::low_bits});
    }
  }

  [[nodiscard]] std::vector<BlindLayout> finish() { return std::move(m_layouts); }

 private:
  unsigned m_bits;
  std::vector<BlindLayout> m_layouts;
};

Field field_of(unsigned bits, unsigned base = 0) {
  Field field;
  field.bits = bits;
  field.base = base;
  return field;
}

}  // namespace

double Readings::log_weight(Prior prior) const noexcept {
  const auto [count, share] = prior == Prior::likely ? std::pair(likely, 0.99) : prior == Prior::plain ? std::pair(plain, 0.005) : std::pair(other, 0.005);
  return std::log(static_cast<double>(std::max<std::uint64_t>(count, 1)) / share);
}

Readings blind_readings(unsigned width) {
  Readings readings;
  for (const auto& layout : blind_layouts(width)) {
    const auto alignments = layout.character_bits / std::gcd(layout.field.bits, layout.character_bits);
    const auto likely = layout.is_plainest() ? std::min(alignments, 2U) : 0U;  // with the tensor, with the file
    readings.likely += likely;
    (layout.is_plain() ? readings.plain : readings.other) += alignments - likely;
  }
  return readings;
}

std::vector<BlindLayout> blind_layouts(unsigned width) {
  Layouts layouts(width);
  constexpr std::array k_wide = {10U, 12U, 16U, 20U, 24U};
  for (unsigned bits = 1; bits <= 8; ++bits) {
    layouts.add_straight(field_of(bits));
  }
  for (const auto bits : k_wide) {
    layouts.add_straight(field_of(bits));
  }
  // Everything below the exponent of a float32 (Gilkarov and Dubin's attacks of 16 to 23 bits), the highest bit first.
  for (const auto bits : {17U, 18U, 19U, 21U, 22U, 23U}) {
    layouts.add(field_of(bits), 8);
  }
  for (unsigned base = 8; base < width * 8; base += 8) {
    for (unsigned bits = 1; bits <= 8; ++bits) {
      layouts.add_straight(field_of(bits, base));
    }
  }
  layouts.add_straight(field_of(7), 7);
  layouts.add_straight(field_of(1), 7);
  for (unsigned bits = 2; bits <= 8; ++bits) {
    layouts.add_crossed(field_of(bits));
  }
  for (unsigned base = 1; base < 8; ++base) {
    layouts.add_straight(field_of(1, base));
  }
  for (const auto bits : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 16U, 24U}) {
    auto field = field_of(bits);
    field.reversed = true;
    layouts.add_straight(field);
  }
  for (std::size_t stride = 2; stride <= k_most_stride; ++stride) {
    for (const auto bits : {1U, 2U, 3U, 4U, 8U}) {
      for (std::size_t phase = 0; phase < stride; ++phase) {
        auto field = field_of(bits);
        field.stride = stride;
        field.phase = phase;
        layouts.add_straight(field);
      }
    }
  }
  return layouts.finish();
}

}  // namespace upinspect::forensics
