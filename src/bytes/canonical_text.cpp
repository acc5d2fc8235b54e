// SPDX-License-Identifier: Apache-2.0
#include "bytes/canonical_text.hpp"

#include "bytes/byte_runs.hpp"
#include "bytes/canonical_tables.hpp"
#include "bytes/json_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace upinspect::bytes {

namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

/// The character at `at` of valid UTF-8, which moves behind it.
char32_t take_character(std::string_view text, std::size_t& at) {
  const auto lead = byte_at(text, at++);
  const unsigned more = lead < 0x80U ? 0 : lead < 0xe0U ? 1 : lead < 0xf0U ? 2 : 3;
  char32_t code = more == 0 ? lead : lead & (0x3fU >> more);
  for (unsigned i = 0; i < more; ++i) {
    code = code << 6U | (byte_at(text, at++) & 0x3fU);
  }
  return code;
}

void put_character(std::string& out, char32_t code) {
  const auto tail = [&](unsigned shift) { out.push_back(static_cast<char>(0x80U | (code >> shift & 0x3fU))); };
  if (code < 0x80U) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800U) {
    out.push_back(static_cast<char>(0xc0U | code >> 6U));
    tail(0);
  } else if (code < 0x10000U) {
    out.push_back(static_cast<char>(0xe0U | code >> 12U));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xf0U | code >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// Unicode 3.12: a syllable is its leading consonant, its vowel and, for most, its trailing consonant.
bool put_hangul(std::vector<char32_t>& out, char32_t code) {
  constexpr char32_t k_syllables = 0xac00;
  constexpr char32_t k_count = 11172;
  constexpr char32_t k_vowels = 21;
  constexpr char32_t k_tails = 28;
  if (code < k_syllables || code >= k_syllables + k_count) {
    return false;
  }
  const auto index = code - k_syllables;
  out.push_back(0x1100 + index / (k_vowels * k_tails));
  out.push_back(0x1161 + index % (k_vowels * k_tails) / k_tails);
  if (index % k_tails != 0) {
    out.push_back(0x11a7 + index % k_tails);
  }
  return true;
}

void put_decomposed(std::vector<char32_t>& out, char32_t code) {
  if (put_hangul(out, code)) {
    return;
  }
  // Only the first part of a pair decomposes any further, and not often.
  std::vector<char32_t> marks;
  const auto table = decompositions();
  for (;;) {
    const auto found = std::lower_bound(table.begin(), table.end(), code,
                                        [](const Decomposition& row, char32_t wanted) { return row.composed < wanted; });
    if (found == table.end() || found->composed != code) {
      break;
    }
    if (found->second != 0) {
      marks.push_back(found->second);
    }
    code = found->first;
  }
  out.push_back(code);
  out.insert(out.end(), marks.rbegin(), marks.rend());
}

std::uint8_t combining_class(char32_t code) {
  const auto runs = mark_runs();
  const auto after = std::upper_bound(runs.begin(), runs.end(), code,
                                      [](char32_t wanted, const MarkRun& run) { return wanted < run.first; });
  return after != runs.begin() && code <= (after - 1)->last ? (after - 1)->combining_class : std::uint8_t{0};
}

/// Marks of different classes stand in the order of their classes, those of one class as they were written.
void order_marks(std::vector<char32_t>& text) {
  const auto is_mark = [](char32_t code) { return combining_class(code) != 0; };
  for (auto at = text.begin(); at != text.end();) {
    const auto first = std::find_if(at, text.end(), is_mark);
    at = std::find_if_not(first, text.end(), is_mark);
    std::stable_sort(first, at, [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
  }
}

}  // namespace

bool is_ascii(std::string_view text) noexcept {
  text.remove_prefix(ascii_words(text));
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
}

std::string decomposed(std::string_view text) {
  if (is_ascii(text) || find_invalid_utf8(text) != std::string_view::npos) {
    return std::string(text);
  }
  std::vector<char32_t> characters;
  for (std::size_t at = 0; at < text.size();) {
    put_decomposed(characters, take_character(text, at));
  }
  order_marks(characters);
  std::string out;
  for (const auto code : characters) {
    put_character(out, code);
  }
  return out;
}

}  // namespace upinspect::bytes
