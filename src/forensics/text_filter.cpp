// SPDX-License-Identifier: Apache-2.0
#include "forensics/text_filter.hpp"

#include "forensics/little.hpp"
#include "forensics/text_alphabets.hpp"
#include "forensics/text_rating.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace upinspect::forensics {
namespace {

constexpr unsigned k_seven_bits = 128;
constexpr double k_hundredths = 100;

/// Gains of pairs in hundredths, rounded up so that nothing is missed: by the first letter, then by the second.
const std::array<std::int16_t, std::size_t{k_seven_bits} * k_seven_bits>& pair_gains() noexcept {
  static const auto table = [] {
    std::array<std::int16_t, std::size_t{k_seven_bits} * k_seven_bits> gains{};
    for (unsigned first = 0; first < k_seven_bits; ++first) {
      for (unsigned second = 0; second < k_seven_bits; ++second) {
        const auto gain = letter_gain(static_cast<std::byte>(first), static_cast<std::byte>(second)) - discount_of(7);
        gains[first * k_seven_bits + second] = static_cast<std::int16_t>(std::ceil(gain * k_hundredths));
      }
    }
    return gains;
  }();
  return table;
}

/// Three runs are counted at once, of printable characters and of each alphabet, sixteen bits for each: a character that
/// ends a run sets its count so far below 2^15 that a run of the wanted length reaches it.
struct RunCounts {
  std::array<std::uint64_t, k_seven_bits> keep{};
  std::array<std::uint64_t, k_seven_bits> reset{};

  explicit RunCounts(double least) {
    add(0, k_printable_gain, 0, least, [](unsigned letter) { return (letter >= 0x20 && letter < 0x7f) || letter == '\t' || letter == '\n' || letter == '\r'; });
    for (std::size_t i = 0; i < k_alphabets.size(); ++i) {
      add(static_cast<unsigned>(i + 1), k_alphabets[i].gain, k_more_tests, least, [i](unsigned letter) { return k_alphabets[i].letters[letter]; });
    }
  }

  static constexpr std::uint64_t k_one_each = 0x0001'0001'0001;
  static constexpr std::uint64_t k_reached = 0x8000'8000'8000;

 private:
  template <typename Test>
  void add(unsigned lane, double gain, double more, double least, Test holds) {
    const auto length = std::clamp(std::floor((least + more) / (gain - discount_of(7))), 1.0, 32767.0);
    const auto start = std::uint64_t{0x8000} - static_cast<std::uint64_t>(length);
    for (unsigned letter = 0; letter < k_seven_bits; ++letter) {
      (holds(letter) ? keep : reset)[letter] |= (holds(letter) ? std::uint64_t{0xffff} : start) << (16 * lane);
    }
  }
};

}  // namespace

bool may_hold_text(std::span<const std::byte> characters, double least) noexcept {
  const RunCounts counts(least);
  const auto* gains = pair_gains().data();
  const auto enough = static_cast<std::int32_t>(std::floor(std::min(least, 1e6) * k_hundredths));
  std::int32_t sum = 0;
  std::int32_t most = 0;
  std::uint64_t runs = counts.reset[0];
  std::uint64_t reached = 0;
  unsigned previous = 0;
  for (const auto character : characters) {
    const auto letter = octet(character) & (k_seven_bits - 1);
    sum = std::max(0, sum + gains[previous * k_seven_bits + letter]);
    most = std::max(most, sum);
    runs = ((runs + RunCounts::k_one_each) & counts.keep[letter]) + counts.reset[letter];
    reached |= runs;
    previous = letter;
  }
  return most >= enough || (reached & RunCounts::k_reached) != 0;
}

}  // namespace upinspect::forensics
