// SPDX-License-Identifier: Apache-2.0
// Sets of characters whose runs are news, each with what one character of a run says against chance.
#pragma once

#include <array>
#include <string_view>

namespace upinspect::forensics {

/// -ln of the chance that a random byte is printable: ln(256 / 98).
inline constexpr double k_printable_gain = 0.9602;

/// Letters that machines write: fewer than text has, so that a shorter run of them is news.
struct Alphabet {
  std::array<bool, 256> letters{};
  double gain = 0;   ///< -ln of the chance that a random byte is one of them
};

[[nodiscard]] constexpr Alphabet alphabet(std::string_view letters, double gain) {
  Alphabet result{{}, gain};
  for (const auto letter : letters) {
    result.letters[static_cast<unsigned char>(letter)] = true;
  }
  return result;
}

inline constexpr std::array k_alphabets = {
    alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=\n", 1.3107),   // ln(256 / 69)
    alphabet("0123456789abcdefABCDEF", 2.4542),                                               // ln(256 / 22)
};

/// That one of these was looked for, too.
inline constexpr double k_more_tests = 1.0986;

/// What a character gains less where its eighth bit is no news.
[[nodiscard]] constexpr double discount_of(unsigned character_bits) { return (8 - character_bits) * 0.6931; }

}  // namespace upinspect::forensics
