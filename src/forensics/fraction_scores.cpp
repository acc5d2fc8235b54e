// SPDX-License-Identifier: Apache-2.0
#include "forensics/fraction_scores.hpp"

#include "forensics/honest_planes.hpp"

#include <cmath>
#include <numeric>

namespace upinspect::forensics {

/// The planes of a fraction count one by one, and the same in all octaves.
FractionScores::FractionScores(unsigned top) : m_scores(k_octaves << k_bits) {
  for (auto plane = top; plane <= k_bits; ++plane) {
    const auto [one, zero] = evidence_for_even(plane);
    for (std::size_t cell = 0; cell < m_scores.size(); ++cell) {
      m_scores[cell] += static_cast<float>((cell >> (k_bits - plane) & 1U) != 0 ? one : zero);
    }
    m_divergence -= benford_one(plane) * one + (1 - benford_one(plane)) * zero;
  }
}

const FractionScores& FractionScores::benford(unsigned top) {
  static const auto tables = [] {
    std::array<FractionScores, 7> made = {FractionScores(1), FractionScores(2), FractionScores(3), FractionScores(4), FractionScores(5), FractionScores(6), FractionScores(7)};
    return made;
  }();
  return tables.at(top - 1);
}

FractionScores::FractionScores(const SmoothDensity& density, const FractionCounts& counts, int lowest, unsigned top) : m_scores(k_octaves << k_bits), m_lowest(lowest) {
  const auto cells = counts.cells(top - 1);
  const auto parts = std::size_t{1} << (k_bits + 1 - top);
  const auto width = 1 / static_cast<double>(std::size_t{1} << (top - 1));
  double counted = 0;
  for (std::size_t cell = 0; cell < cells.size(); ++cell) {
    const auto octave = cell >> (top - 1);
    counted += static_cast<double>(cells[cell]);
    if (!density.holds(octave)) {
      continue;
    }
    const auto begin = 1 + width * static_cast<double>(cell & ((std::size_t{1} << (top - 1)) - 1));
    const auto scores = part_scores(density, octave_begin(octave) * begin, octave_begin(octave) * width, parts);
    double fall = 0;
    for (std::size_t part = 0; part < parts; ++part) {
      m_scores[cell * parts + part] = static_cast<float>(scores[part]);
      fall -= std::exp(-scores[part]) * scores[part] / static_cast<double>(parts);
    }
    m_divergence += static_cast<double>(cells[cell]) * fall;
  }
  m_divergence = counted == 0 ? 0 : m_divergence / counted;
}

}  // namespace upinspect::forensics
