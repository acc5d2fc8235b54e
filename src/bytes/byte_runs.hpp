// SPDX-License-Identifier: Apache-2.0
// How far a text goes on being ordinary, eight bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace upinspect::bytes {

/// How many bytes, in steps of eight, stand before those among which one has a bit of `odd_bits(word)`, or before the last few.
template <class OddBits>
[[nodiscard]] std::size_t whole_words(std::string_view text, const OddBits& odd_bits) noexcept {
  std::size_t at = 0;
  std::uint64_t word = 0;
  for (; at + sizeof(word) <= text.size(); at += sizeof(word)) {
    std::memcpy(&word, text.data() + at, sizeof(word));
    if (odd_bits(word) != 0) {
      break;
    }
  }
  return at;
}

inline constexpr std::uint64_t k_top_bits = 0x8080808080808080;
inline constexpr std::uint64_t k_low_bits = 0x0101010101010101;

/// Words of ASCII alone.
[[nodiscard]] inline std::size_t ascii_words(std::string_view text) noexcept {
  return whole_words(text, [](std::uint64_t word) { return word & k_top_bits; });
}

/// The bytes before the first quote, backslash or control character.
[[nodiscard]] inline std::size_t json_string_run(std::string_view text) noexcept {
  const auto zero_in = [](std::uint64_t word) { return (word - k_low_bits) & ~word; };
  auto at = whole_words(text, [&zero_in](std::uint64_t word) {
    return (zero_in(word ^ ('"' * k_low_bits)) | zero_in(word ^ ('\\' * k_low_bits)) | ((word - 0x20 * k_low_bits) & ~word)) & k_top_bits;
  });
  while (at < text.size() && text[at] != '"' && text[at] != '\\' && static_cast<unsigned char>(text[at]) >= 0x20) {
    ++at;
  }
  return at;
}

}  // namespace upinspect::bytes
