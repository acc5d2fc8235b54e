// SPDX-License-Identifier: Apache-2.0
#include "forensics/field_packer.hpp"

#include "forensics/little.hpp"
#include "numeric/load.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

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

/// Where a run of fields lies.
struct FieldSource {
  const std::byte* from;
  std::ptrdiff_t step;
  unsigned base;
};

/// As many elements as fill whole bytes, `groups` times: with the width known the compiler leaves no loop within.
template <unsigned bits, BitOrder order, bool mirror>
void pack_whole_bytes(const FieldSource& source, std::size_t groups, std::byte* out) {
  constexpr unsigned k_elements = 8 / std::gcd(bits, 8U);
  constexpr unsigned k_bytes = bits * k_elements / 8;
  constexpr std::uint64_t k_mask = (std::uint64_t{1} << bits) - 1;
  const auto* from = source.from;
  for (std::size_t group = 0; group < groups; ++group, out += k_bytes) {
    std::uint64_t held = 0;
    for (unsigned i = 0; i < k_elements; ++i, from += source.step) {
      const auto plain = std::uint64_t{octet(*from)} >> source.base & k_mask;
      const auto value = mirror ? std::uint64_t{k_mirrored[plain]} >> (8 - bits) : plain;
      held = order == BitOrder::msb ? held << bits | value : held | value << (bits * i);
    }
    for (unsigned i = 0; i < k_bytes; ++i) {
      out[i] = static_cast<std::byte>(held >> 8 * (order == BitOrder::msb ? k_bytes - 1 - i : i) & 0xffU);
    }
  }
}

using GroupPacker = void (*)(const FieldSource&, std::size_t, std::byte*);

template <BitOrder order, bool mirror, unsigned... less_one>
constexpr std::array<GroupPacker, 8> group_packers(std::integer_sequence<unsigned, less_one...>) {
  return {pack_whole_bytes<less_one + 1, order, mirror>...};
}

template <BitOrder order, bool mirror>
constexpr auto k_group_packers = group_packers<order, mirror>(std::make_integer_sequence<unsigned, 8>());

GroupPacker group_packer(const Field& field) {
  const auto which = field.bits - 1;
  const bool mirror = field.bits > 1 && field.field_order != field.byte_order;
  if (field.byte_order == BitOrder::msb) {
    return mirror ? k_group_packers<BitOrder::msb, true>[which] : k_group_packers<BitOrder::msb, false>[which];
  }
  return mirror ? k_group_packers<BitOrder::lsb, true>[which] : k_group_packers<BitOrder::lsb, false>[which];
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

/// Of fields within one byte, as many as make whole bytes; gives how many that were.
std::size_t FieldPacker::pack_groups(std::size_t elements, std::vector<std::byte>& bytes) {
  const auto bits = m_field.bits;
  if (bits > 8 || m_field.base % 8 + bits > 8 || m_count != 0) {
    return 0;
  }
  const auto each = std::size_t{8 / std::gcd(bits, 8U)};
  const auto groups = elements / each;
  const auto step = static_cast<std::ptrdiff_t>(m_field.stride * m_run.width) * (m_field.reversed ? -1 : 1);
  const auto out = bytes.size();
  bytes.resize(out + groups * each * bits / 8);
  if (groups != 0) {
    const auto first = element_at(m_field, m_run.count(), m_done) * m_run.width + m_field.base / 8;
    group_packer(m_field)({m_run.bytes.data() + first, step, m_field.base % 8}, groups, bytes.data() + out);
  }
  return groups * each;
}

void FieldPacker::pack(std::size_t elements, std::vector<std::byte>& bytes) {
  elements = std::min(elements, left());
  const auto quickly = pack_groups(elements, bytes);
  m_done += quickly;
  elements -= quickly;
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

std::vector<std::byte> read_characters(const ElementRun& run, const Field& field, unsigned character_bits, std::uint64_t from,
                                       std::uint64_t characters) {
  const auto taken = elements_of(field, run.count());
  const auto first = from / field.bits;
  const auto rest = static_cast<unsigned>(from % field.bits);
  if (first >= taken) {
    return {};
  }
  const auto wanted = (std::min<std::uint64_t>(characters, taken * field.bits) * character_bits + rest + field.bits - 1) / field.bits;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, taken - first));
  if (count == 0) {
    return {};
  }
  const auto one = element_at(field, run.count(), static_cast<std::size_t>(first));
  const auto other = element_at(field, run.count(), static_cast<std::size_t>(first) + count - 1);
  const auto begin = std::min(one, other) * run.width;
  const ElementRun part{run.bytes.subspan(begin, (std::max(one, other) + 1) * run.width - begin), run.width};
  auto within = field;
  within.phase = 0;
  std::vector<std::byte> packed;
  FieldPacker(part, within).pack(count, packed);
  auto result = character_bits == 7 ? sevens(packed, field.byte_order, rest)
                                    : shifted(std::span(packed).subspan(std::min<std::size_t>(rest / 8, packed.size())), field.byte_order, rest % 8);
  const auto whole = (count * field.bits - rest) / character_bits;
  result.resize(std::min<std::size_t>(result.size(), static_cast<std::size_t>(std::min<std::uint64_t>(whole, characters))));
  return result;
}

}  // namespace upinspect::forensics
