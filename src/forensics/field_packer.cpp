// SPDX-License-Identifier: Apache-2.0
#include "forensics/field_packer.hpp"

#include "numeric/load.hpp"

#include <algorithm>
#include <array>

namespace upinspect::forensics {
namespace {

constexpr auto k_mirrored = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned value = 0; value < 256; ++value) {
    unsigned turned = 0;
    for (unsigned bit = 0; bit < 8; ++bit) {
      turned |= ((value >> bit) & 1U) << (7 - bit);
    }
    table[value] = static_cast<std::uint8_t>(turned);
  }
  return table;
}();

/// The lowest `bits` bits, at most 32, the other way round.
std::uint64_t mirrored_low(std::uint64_t value, unsigned bits) {
  const auto turned = std::uint64_t{k_mirrored[value & 0xff]} << 24 | std::uint64_t{k_mirrored[value >> 8 & 0xff]} << 16 |
                      std::uint64_t{k_mirrored[value >> 16 & 0xff]} << 8 | std::uint64_t{k_mirrored[value >> 24 & 0xff]};
  return turned >> (32 - bits);
}

}  // namespace

FieldPacker::FieldPacker(const ElementRun& run, const Field& field)
    : m_run(run), m_field(field), m_total(elements_of(field, run.count())) {}

template <typename Word>
void FieldPacker::pack_words(std::size_t elements, std::vector<std::byte>& bytes) {
  const auto bits = m_field.bits;
  const auto mask = (std::uint64_t{1} << bits) - 1;
  const bool mirror = bits > 1 && m_field.field_order != m_field.byte_order;
  const bool high_first = m_field.byte_order == BitOrder::msb;
  const auto first = element_at(m_field, m_run.count(), m_done);
  const auto* from = m_run.bytes.data() + first * sizeof(Word);
  const auto step = static_cast<std::ptrdiff_t>(m_field.stride * sizeof(Word)) * (m_field.reversed ? -1 : 1);
  auto held = m_held;
  auto count = m_count;
  auto out = bytes.size();
  bytes.resize(out + (count + elements * bits) / 8);
  for (std::size_t i = 0; i < elements; ++i) {
    auto group = (std::uint64_t{numeric::load_le<Word>(from + static_cast<std::ptrdiff_t>(i) * step)} >> m_field.base) & mask;
    group = mirror ? mirrored_low(group, bits) : group;
    held = high_first ? held << bits | group : held | group << count;
    for (count += bits; count >= 8; ++out) {
      count -= 8;
      bytes[out] = static_cast<std::byte>((high_first ? held >> count : held) & 0xff);
      held = high_first ? held : held >> 8;
    }
  }
  m_held = high_first ? held & ((std::uint64_t{1} << count) - 1) : held;
  m_count = count;
}

void FieldPacker::pack(std::size_t elements, std::vector<std::byte>& bytes) {
  elements = std::min(elements, left());
  if (elements != 0) {
    switch (m_run.width) {
      case 1: pack_words<std::uint8_t>(elements, bytes); break;
      case 2: pack_words<std::uint16_t>(elements, bytes); break;
      case 4: pack_words<std::uint32_t>(elements, bytes); break;
      default: pack_words<std::uint64_t>(elements, bytes); break;
    }
  }
  m_done += elements;
  if (left() == 0 && m_count != 0) {
    const bool high_first = m_field.byte_order == BitOrder::msb;
    bytes.push_back(static_cast<std::byte>((high_first ? m_held << (8 - m_count) : m_held) & 0xff));
    m_count = 0;
  }
}

}  // namespace upinspect::forensics
