// SPDX-License-Identifier: Apache-2.0
#include "forensics/stream_scan.hpp"

#include "forensics/field_packer.hpp"
#include "forensics/little.hpp"
#include "forensics/text_filter.hpp"
#include "forensics/text_rating.hpp"
#include "numeric/load.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

namespace upinspect::forensics {
namespace {

/// Packed bytes that are looked at in one go: they stay in the cache. A multiple of seven, for characters of seven bits.
constexpr std::size_t k_piece = 7 * 8192;

/// Bytes that stay before and after the place that is looked at. A multiple of seven again.
constexpr std::size_t k_behind = 7 * 100;
constexpr std::size_t k_ahead = 7 * 150;

/// Pairs of letters in a run of eight that chance rarely writes.
constexpr double k_like_text = 4;

constexpr auto k_printable = [] {
  std::array<bool, 256> table{};
  for (unsigned letter = 0x20; letter < 0x7f; ++letter) {
    table[letter] = true;
  }
  table['\t'] = table['\n'] = table['\r'] = true;
  return table;
}();

const FrontTable& front_table() {
  static const FrontTable table;
  return table;
}


class Scanner {
 public:
  Scanner(const ElementRun& run, const Field& field, unsigned character_bits, unsigned distinct)
      : m_packer(run, field), m_field(field), m_character_bits(character_bits), m_distinct(distinct),
        m_step(std::gcd(field.bits, character_bits)) {
    const auto bits = static_cast<double>(elements_of(field, run.count())) * field.bits;
    m_log_length = std::log(std::max(1.0, bits / character_bits));
  }

  Scan run();

 private:
  void look(std::size_t end);
  void look_for_text(std::size_t end);
  void look_for_sevens(std::size_t end);
  template <BitOrder order>
  void look_for_files(std::size_t end);
  void windows(std::size_t at, unsigned zeros, unsigned ones);
  void ascii(std::size_t at, unsigned shift);
  void beyond_ascii(std::size_t at, unsigned shift);
  void rate(std::size_t begin, std::size_t end, unsigned shift);
  void begin_file(std::size_t at, unsigned shift);
  void keep(const Seed& seed);

  /// The character at byte `at` of the buffer, `shift` bits on; one that runs over the end is filled up with zeros.
  [[nodiscard]] unsigned character(std::size_t at, unsigned shift) const {
    const auto low = octet(m_buffer[at]);
    const auto high = at + 1 < m_buffer.size() ? octet(m_buffer[at + 1]) : 0U;
    return (m_field.byte_order == BitOrder::msb ? (low << 8 | high) >> (8 - shift) : (high << 8 | low) >> shift) & 0xffU;
  }

  [[nodiscard]] bool printable(std::size_t at, unsigned shift) const { return k_printable[character(at, shift)]; }

  [[nodiscard]] std::vector<std::byte> part(std::size_t begin, std::size_t end, unsigned shift) const {
    std::vector<std::byte> result;
    result.reserve(end - begin);
    for (auto at = begin; at < end; ++at) {
      result.push_back(static_cast<std::byte>(character(at, shift)));
    }
    return result;
  }

  FieldPacker m_packer;
  Field m_field;
  unsigned m_character_bits;
  unsigned m_distinct;
  unsigned m_step;
  double m_log_length = 0;
  FrontProbe m_probe;
  std::vector<std::byte> m_buffer;
  std::uint64_t m_dropped = 0;              ///< bytes of the stream before the buffer
  std::size_t m_at = 0;                     ///< of the buffer: what is before it was looked at
  std::array<std::uint64_t, 8> m_seen{};    ///< for each shift: bytes of the stream whose text is known
  Scan m_scan;
};

void Scanner::keep(const Seed& seed) {
  if (m_scan.seeds.size() >= k_most_seeds) {
    m_scan.cut_short = true;
    return;
  }
  m_scan.seeds.push_back(seed);
}

void Scanner::rate(std::size_t begin, std::size_t end, unsigned shift) {
  const auto bytes = part(begin, end, shift);
  const auto stretch = best_text(bytes, 8, m_distinct);
  const auto log_p = stretch.log_p - std::log(static_cast<double>(bytes.size())) + m_log_length;
  if (stretch.length != 0 && log_p < -9) {
    keep({(m_dropped + begin + stretch.offset) * 8 + shift, stretch.length, log_p});
  }
}

void Scanner::ascii(std::size_t at, unsigned shift) {
  if (m_dropped + at < m_seen[shift]) {
    return;
  }
  for (std::size_t i = 0; i < 8; ++i) {
    if (!printable(at + i, shift)) {
      return;
    }
  }
  const auto here = part(at, at + 8, shift);
  const auto size = m_buffer.size();
  auto end = at + 8;
  while (end < size && printable(end, shift)) {
    ++end;
  }
  m_seen[shift] = m_dropped + end;
  if (end - at < 16 && likelihood_gain(here) < k_like_text) {
    return;
  }
  auto begin = at;
  while (begin > 0 && printable(begin - 1, shift)) {
    --begin;
  }
  rate(begin - std::min<std::size_t>(begin, 8), std::min(size, end + 8), shift);
}

/// Characters of two bytes or more, which begin within three.
void Scanner::beyond_ascii(std::size_t at, unsigned shift) {
  if (m_dropped + at < m_seen[shift]) {
    return;
  }
  unsigned following = 0;
  unsigned leads = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const auto letter = character(at + i, shift);
    const bool lead = letter >= 0xc3 && letter <= 0xf3;
    const bool expects_lead = following == 0 && (leads != 0 || i == 2);
    if ((lead && following != 0) || (!lead && expects_lead) || letter < 0x80 || (!lead && letter >= 0xc0)) {
      return;
    }
    following = lead ? (letter < 0xe0 ? 1 : letter < 0xf0 ? 2 : 3) : following - std::min(following, 1U);
    leads += lead ? 1 : 0;
  }
  const auto end = std::min(m_buffer.size(), at + 400);
  m_seen[shift] = m_dropped + std::min(m_buffer.size(), at + 200);
  rate(at - std::min<std::size_t>(at, 200), end, shift);
}

/// A window whose character boundaries some shifts may be: bit p of eight bytes is the highest of as many characters.
void Scanner::windows(std::size_t at, unsigned zeros, unsigned ones) {
  for (unsigned bit = 0; bit < 8; ++bit) {
    if (((zeros | ones) >> bit & 1U) == 0) {
      continue;
    }
    const bool msb = m_field.byte_order == BitOrder::msb;
    const auto shift = msb ? 7 - bit : (bit + 1) % 8;
    const std::size_t before = !msb && shift != 0 ? 1 : 0;
    if (shift % m_step != 0 || at < before) {
      continue;
    }
    if ((zeros >> bit & 1U) != 0) {
      ascii(at - before, shift);
    } else {
      beyond_ascii(at - before, shift);
    }
  }
}

void Scanner::look_for_text(std::size_t end) {
  for (auto at = m_at & ~std::size_t{3}; at < end && at + 9 <= m_buffer.size(); at += 4) {
    const auto word = numeric::load_le<std::uint64_t>(m_buffer.data() + at);
    auto any = word | word >> 32;
    auto all = word & word >> 32;
    any |= any >> 16;
    all &= all >> 16;
    any |= any >> 8;
    all &= all >> 8;
    const auto zeros = static_cast<unsigned>(~any & 0xff);
    const auto ones = static_cast<unsigned>(all & 0xff);
    if ((zeros | ones) != 0) {
      windows(at, zeros, ones);
    }
  }
}

void Scanner::begin_file(std::size_t at, unsigned shift) {
  // Four bytes turn most of them away, without a copy of more.
  const auto four = character(at, shift) | character(at + 1, shift) << 8 | character(at + 2, shift) << 16 | character(at + 3, shift) << 24;
  if (!FrontTable::is_likely(four)) {
    return;
  }
  const auto end = std::min(m_buffer.size(), at + FrontProbe::k_front);
  if (m_probe.may_begin(part(at, end, shift))) {
    keep({(m_dropped + at) * 8 + shift, 0, 0});
  }
}

template <BitOrder order>
void Scanner::look_for_files(std::size_t end) {
  const auto& table = front_table();
  const auto* bytes = m_buffer.data();
  // Bit k of the table's answer stands for the shift k, or 7 - k where bits count from the top.
  unsigned shifts = 0;
  for (unsigned shift = 0; shift < 8; shift += m_step) {
    shifts |= 1U << (order == BitOrder::msb ? 7 - shift : shift);
  }
  end = std::min(end, m_buffer.size() - std::min<std::size_t>(m_buffer.size(), 16));
  for (auto at = m_at; at < end; ++at) {
    const auto first = octet(bytes[at]);
    const auto second = octet(bytes[at + 1]);
    const auto fifteen = order == BitOrder::msb ? first << 7 | second >> 1 : (first | second << 8) & 0x7fffU;
    for (auto left = table.firsts(fifteen) & shifts; left != 0; left &= left - 1) {
      const auto up = static_cast<unsigned>(std::countr_zero(left));
      const auto three = order == BitOrder::msb ? first << 16 | second << 8 | octet(bytes[at + 2]) : first | second << 8 | octet(bytes[at + 2]) << 16;
      const bool hit = order == BitOrder::msb ? table.test_big(three >> (up + 1) & 0xffffU) : table.test(three >> up & 0xffffU);
      if (hit) [[unlikely]] {
        begin_file(at, order == BitOrder::msb ? 7 - up : up);
      }
    }
  }
}

void Scanner::look_for_sevens(std::size_t end) {
  const auto begin = m_at - std::min(m_at, k_behind);
  const auto piece = std::span(m_buffer).subspan(begin, std::min(m_buffer.size(), end + k_ahead) - begin);
  for (unsigned shift = 0; shift < 7; shift += m_step) {
    const auto characters = sevens(piece, m_field.byte_order, shift);
    if (characters.empty() || !may_hold_text(characters, m_log_length + 9)) {
      continue;
    }
    const auto stretch = best_text(characters, 7, m_distinct);
    const auto log_p = stretch.log_p - std::log(static_cast<double>(characters.size())) + m_log_length;
    const auto first = (m_dropped + begin) * 8 + shift + stretch.offset * 7;
    if (stretch.length != 0 && log_p < -9) {
      keep({first, stretch.length, log_p});
    }
  }
}

void Scanner::look(std::size_t end) {
  if (m_character_bits == 7) {
    look_for_sevens(end);
  } else {
    look_for_text(end);
    m_field.byte_order == BitOrder::msb ? look_for_files<BitOrder::msb>(end) : look_for_files<BitOrder::lsb>(end);
  }
  m_at = end;
}

Scan Scanner::run() {
  const auto elements = k_piece * 8 / m_field.bits;
  m_buffer.reserve(k_piece + k_behind + k_ahead + 16);
  for (;;) {
    m_packer.pack(elements, m_buffer);
    const bool last = m_packer.left() == 0;
    const auto whole = last ? m_buffer.size() : m_buffer.size() - std::min(m_buffer.size(), k_ahead);
    const auto end = last ? whole : whole / 28 * 28;
    look(std::max(end, m_at));
    if (last) {
      break;
    }
    const auto drop = (m_at - std::min(m_at, k_behind)) / 28 * 28;
    m_buffer.erase(m_buffer.begin(), m_buffer.begin() + static_cast<std::ptrdiff_t>(drop));
    m_dropped += drop;
    m_at -= drop;
  }
  std::stable_sort(m_scan.seeds.begin(), m_scan.seeds.end(), [](const Seed& a, const Seed& b) { return a.bit < b.bit; });
  return std::move(m_scan);
}

}  // namespace

Scan scan_stream(const ElementRun& run, const Field& field, unsigned character_bits, unsigned distinct) {
  return Scanner(run, field, character_bits, distinct).run();
}

}  // namespace upinspect::forensics
