// SPDX-License-Identifier: Apache-2.0
// What one number says for random bits from a plane of its fraction on, against an honest fraction.
#pragma once

#include "forensics/bit_stream.hpp"
#include "forensics/smooth_density.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace upinspect::forensics {

/// ln of (chance among even fractions / chance among honest ones) by the number's size and the nine highest bits of its fraction.
class FractionScores {
 public:
  /// Honest is what Benford's law says, whatever the size.
  [[nodiscard]] static const FractionScores& benford(unsigned top);

  /// Honest is as `density` says for numbers of a tensor whose first octave has the exponent `lowest`; octaves in which it does not hold say nothing.
  FractionScores(const SmoothDensity& density, const FractionCounts& counts, int lowest, unsigned top);

  [[nodiscard]] float of(std::uint32_t pattern) const noexcept {
    const auto octave = static_cast<int>(pattern >> 23 & 0xffU) - m_lowest;
    const auto row = octave < 0 ? 0U : octave >= static_cast<int>(k_octaves) ? static_cast<unsigned>(k_octaves) - 1 : static_cast<unsigned>(octave);
    return m_scores[row << k_bits | (pattern >> (23 - k_bits) & ((1U << k_bits) - 1))];
  }

  /// By how much an honest number's score is below zero, on average.
  [[nodiscard]] double divergence() const noexcept { return m_divergence; }

 private:
  static constexpr unsigned k_bits = 9;

  explicit FractionScores(unsigned top);

  std::vector<float> m_scores;
  int m_lowest = 0;   ///< exponent of the first row
  double m_divergence = 0;
};

}  // namespace upinspect::forensics
