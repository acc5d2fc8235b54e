// SPDX-License-Identifier: Apache-2.0
#include "forensics/text_rating.hpp"

#include "forensics/text_model_table.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>

namespace upinspect::forensics {
namespace {

constexpr std::uint8_t k_no_letter = 0xff;

/// The row of a byte in the model of text; k_no_letter for one that text does not hold.
constexpr auto k_letters = [] {
  std::array<std::uint8_t, 256> rows{};
  rows.fill(k_no_letter);
  rows['\t'] = 0;
  rows['\n'] = 1;
  rows['\r'] = 2;
  for (unsigned letter = 0x20; letter < 0x7f; ++letter) {
    rows[letter] = static_cast<std::uint8_t>(letter - 0x20 + 3);
  }
  return rows;
}();

/// ln(256 P) of a byte that no text holds: what the model spreads over all bytes.
constexpr double k_alien = -3.5;

unsigned value(std::byte byte) { return std::to_integer<unsigned>(byte); }

bool is_continuation(std::byte byte) { return (value(byte) & 0xc0U) == 0x80; }

/// Bytes and gain of the character at the front; no bytes where it is none. The gain is -ln of the chance that random
/// bytes hold a character of that kind.
struct Character {
  std::size_t length = 0;
  double gain = 0;
};

Character character_at(std::span<const std::byte> bytes) {
  const auto lead = value(bytes[0]);
  if (k_letters[lead] != k_no_letter) {
    return {1, 0.9602};  // ln(256 / 98)
  }
  const auto follow = [&bytes](std::size_t count) {
    return bytes.size() > count && std::all_of(bytes.begin() + 1, bytes.begin() + 1 + static_cast<std::ptrdiff_t>(count), is_continuation);
  };
  if (lead >= 0xc3 && lead <= 0xdf && follow(1)) {
    return {2, 3.565};  // 29 leads, 64 seconds
  }
  if (lead >= 0xe0 && lead <= 0xef && follow(2) && (lead != 0xe0 || value(bytes[1]) >= 0xa0) &&
      (lead != 0xed || value(bytes[1]) < 0xa0)) {
    return {3, 5.545};  // 16 leads, 64 * 64
  }
  if (lead >= 0xf0 && lead <= 0xf3 && follow(3) && (lead != 0xf0 || value(bytes[1]) >= 0x90)) {
    return {4, 8.318};  // 4 leads, 64^3
  }
  return {};
}

struct Segment {
  std::size_t begin = 0;
  std::size_t end = 0;
  double score = 0;
};

/// What a character gains less where its eighth bit is no news.
double discount(unsigned character_bits) { return (8 - character_bits) * 0.6931; }

Segment best_run(std::span<const std::byte> stream, double less) {
  Segment best;
  Segment current;
  for (std::size_t at = 0; at < stream.size();) {
    const auto character = character_at(stream.subspan(at));
    if (character.length == 0) {
      ++at;
      current = {at, at, 0};
      continue;
    }
    at += character.length;
    current.end = at;
    current.score += character.gain - less;
    if (current.score > best.score) {
      best = current;
    }
  }
  return best;
}

Segment best_likelihood(std::span<const std::byte> stream, double less) {
  Segment best;
  Segment current;
  std::uint8_t previous = k_no_letter;
  for (std::size_t at = 0; at < stream.size(); ++at) {
    const auto letter = k_letters[value(stream[at])];
    double gain = k_alien;
    if (letter != k_no_letter) {
      gain = previous == k_no_letter ? 0.5 : (k_text_model[previous][letter] - 35) * 0.1 - 3.6;
    }
    previous = letter;
    current.score += gain - less;
    current.end = at + 1;
    if (current.score <= 0) {
      current = {at + 1, at + 1, 0};
    } else if (current.score > best.score) {
      best = current;
    }
  }
  return best;
}

/// Letters, figures, spaces and what is beyond ASCII: exponents and steps of a grid read as punctuation.
bool has_letters(std::span<const std::byte> bytes) {
  const auto count = std::count_if(bytes.begin(), bytes.end(), [](std::byte byte) {
    const auto letter = value(byte);
    return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') || letter == ' ' || letter >= 0x80;
  });
  return count * 2 >= static_cast<std::ptrdiff_t>(bytes.size());
}

TextStretch stretch_of(const Segment& segment, std::span<const std::byte> stream, unsigned distinct) {
  TextStretch stretch;
  const auto bytes = stream.subspan(segment.begin, segment.end - segment.begin);
  if (distinct_bytes(bytes) < distinct || !has_letters(bytes)) {
    return stretch;
  }
  stretch.offset = segment.begin;
  stretch.length = bytes.size();
  stretch.log_p = std::min(0.0, std::log(static_cast<double>(stream.size())) - segment.score);
  stretch.ascii = std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return value(byte) < 0x80; });
  return stretch;
}

}  // namespace

TextStretch best_text(std::span<const std::byte> stream, unsigned character_bits, unsigned distinct) noexcept {
  const auto run = stretch_of(best_run(stream, discount(character_bits)), stream, distinct);
  const auto likely = stretch_of(best_likelihood(stream, discount(character_bits)), stream, distinct);
  return likely.log_p < run.log_p ? likely : run;
}

std::size_t text_length(std::span<const std::byte> bytes) noexcept {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto character = character_at(bytes.subspan(at));
    if (character.length == 0) {
      break;
    }
    at += character.length;
  }
  return at;
}

unsigned distinct_bytes(std::span<const std::byte> bytes) noexcept {
  std::bitset<256> seen;
  for (const auto byte : bytes) {
    seen.set(value(byte));
  }
  return static_cast<unsigned>(seen.count());
}

}  // namespace upinspect::forensics
