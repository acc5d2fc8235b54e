// SPDX-License-Identifier: Apache-2.0
#include "forensics/text_rating.hpp"

#include "forensics/little.hpp"
#include "forensics/text_alphabets.hpp"
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


bool is_continuation(std::byte byte) { return (octet(byte) & 0xc0U) == 0x80; }

/// Bytes and gain of the character at the front; no bytes where it is none. The gain is that of a
/// model against chance: three characters in ten are
/// ASCII, five have two bytes, nineteen in a hundred three, the rest four; so the sum stays honest however they mix.
struct Character {
  std::size_t length = 0;
  double mixed_gain = 0;
};

Character character_at(std::span<const std::byte> bytes) {
  const auto lead = octet(bytes[0]);
  if (k_letters[lead] != k_no_letter) {
    return {1, -0.2438};  // ln(0.3 * 256 / 98)
  }
  const auto follow = [&bytes](std::size_t count) {
    return bytes.size() > count && std::all_of(bytes.begin() + 1, bytes.begin() + 1 + static_cast<std::ptrdiff_t>(count), is_continuation);
  };
  if (lead >= 0xc3 && lead <= 0xdf && follow(1)) {
    return {2, 2.871};  // 29 leads, 64 seconds
  }
  if (lead >= 0xe0 && lead <= 0xef && follow(2) && (lead != 0xe0 || octet(bytes[1]) >= 0xa0) &&
      (lead != 0xed || octet(bytes[1]) < 0xa0)) {
    return {3, 3.885};  // 16 leads, 64 * 64
  }
  if (lead >= 0xf0 && lead <= 0xf3 && follow(3) && (lead != 0xf0 || octet(bytes[1]) >= 0x90)) {
    return {4, 3.714};  // 4 leads, 64^3
  }
  return {};
}

struct LikelyStretch {
  std::size_t begin = 0;
  std::size_t end = 0;
  double score = 0;
};

/// The best run of one alphabet within a run of text.
void take_alphabets(std::span<const std::byte> stream, std::size_t begin, std::size_t end, double less, LikelyStretch& best) {
  for (const auto& [letters, gain] : k_alphabets) {
    LikelyStretch current{begin, begin, -k_more_tests};
    for (auto at = begin; at < end; ++at) {
      if (!letters[octet(stream[at])]) {
        current = {at + 1, at + 1, -k_more_tests};
        continue;
      }
      current.end = at + 1;
      current.score += gain - less;
      best = current.score > best.score ? current : best;
    }
  }
}

/// The best run of printable ASCII, or of one of the alphabets within it.
LikelyStretch best_ascii_run(std::span<const std::byte> stream, double less) {
  constexpr std::size_t k_worth_it = 12;
  LikelyStretch best;
  for (std::size_t begin = 0; begin < stream.size();) {
    auto end = begin;
    while (end < stream.size() && k_letters[octet(stream[end])] != k_no_letter) {
      ++end;
    }
    const auto score = static_cast<double>(end - begin) * (k_printable_gain - less);
    best = score > best.score ? LikelyStretch{begin, end, score} : best;
    if (end - begin >= k_worth_it) {
      take_alphabets(stream, begin, end, less, best);
    }
    begin = end + 1;
  }
  return best;
}

/// The best stretch of a run of UTF-8.
LikelyStretch best_mixed_run(std::span<const std::byte> stream) {
  LikelyStretch best;
  LikelyStretch current;
  for (std::size_t at = 0; at < stream.size();) {
    if (current.score <= 0 && octet(stream[at]) < 0xc3) {
      current.begin = ++at;  // no stretch gains by beginning with ASCII
      continue;
    }
    const auto character = character_at(stream.subspan(at));
    at += std::max<std::size_t>(character.length, 1);
    current.end = at;
    current.score += character.mixed_gain;
    if (character.length == 0 || current.score <= 0) {
      current = {at, at, 0};
    } else if (current.score > best.score) {
      best = current;
    }
  }
  return best;
}

double in_nats(char entry) { return (entry - 35) * 0.1 - 3.6; }

/// What `letter`, a row of the model, gains after `previous`; `first` where nothing is known of that.
double gain_of(std::uint8_t previous, std::uint8_t letter, double first) {
  if (letter == k_no_letter) {
    return k_alien;
  }
  return previous == k_no_letter ? first : in_nats(k_text_model[previous][letter]);
}

/// The first letter by how frequent it is.
double scan_gain(std::uint8_t previous, std::uint8_t letter) {
  return gain_of(previous, letter, letter == k_no_letter ? k_alien : in_nats(k_first_letters[letter]));
}

LikelyStretch best_likelihood(std::span<const std::byte> stream, double less) {
  LikelyStretch best;
  LikelyStretch current;
  std::uint8_t previous = k_no_letter;
  for (std::size_t at = 0; at < stream.size(); ++at) {
    const auto letter = k_letters[octet(stream[at])];
    if (letter == k_no_letter && current.score <= 0) {
      previous = letter;  // most bytes that are no text end here
      current.begin = at + 1;
      continue;
    }
    current.score += scan_gain(previous, letter) - less;
    previous = letter;
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
    const auto letter = octet(byte);
    return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') || letter == ' ' || letter >= 0x80;
  });
  return count * 2 >= static_cast<std::ptrdiff_t>(bytes.size());
}

TextStretch stretch_of(const LikelyStretch& segment, std::span<const std::byte> stream, unsigned distinct) {
  TextStretch stretch;
  const auto bytes = stream.subspan(segment.begin, segment.end - segment.begin);
  if (distinct_bytes(bytes) < distinct || !has_letters(bytes)) {
    return stretch;
  }
  stretch.offset = segment.begin;
  stretch.length = bytes.size();
  stretch.log_p = std::min(0.0, std::log(static_cast<double>(stream.size())) - segment.score);
  stretch.ascii = std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return octet(byte) < 0x80; });
  return stretch;
}

}  // namespace

TextStretch best_text(std::span<const std::byte> stream, unsigned character_bits, unsigned distinct) noexcept {
  const auto less = discount_of(character_bits);
  auto best = stretch_of(best_ascii_run(stream, less), stream, distinct);
  for (const auto& segment : {best_likelihood(stream, less), character_bits == 8 ? best_mixed_run(stream) : LikelyStretch{}}) {
    const auto stretch = stretch_of(segment, stream, distinct);
    best = stretch.log_p < best.log_p ? stretch : best;
  }
  return best;
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

double letter_gain(std::byte previous, std::byte letter) noexcept { return scan_gain(k_letters[octet(previous)], k_letters[octet(letter)]); }

double likelihood_gain(std::span<const std::byte> bytes) noexcept {
  constexpr double k_any_first = 0.5;
  double sum = 0;
  auto previous = k_no_letter;
  for (const auto byte : bytes) {
    const auto letter = k_letters[octet(byte)];
    sum += gain_of(previous, letter, k_any_first);
    previous = letter;
  }
  return sum;
}

unsigned distinct_bytes(std::span<const std::byte> bytes) noexcept {
  std::bitset<256> seen;
  for (const auto byte : bytes) {
    seen.set(octet(byte));
  }
  return static_cast<unsigned>(seen.count());
}

}  // namespace upinspect::forensics
