// SPDX-License-Identifier: Apache-2.0
#include "forensics/even_planes.hpp"

#include "forensics/even_fraction.hpp"
#include "forensics/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace upinspect::forensics {
namespace {

constexpr unsigned k_lowest_top = 12;
constexpr unsigned k_most_fitted_bits = 5;

/// ln of how much likelier even planes must be. Of the right density honest ratios would fall on average by as much as their variance is half of, and three files in
/// 10,000 reach 5.9, where they have as many numbers as make that likeliest; of a density that was fitted to as many five do, and three 6.5 (36,000 files of normal,
/// Laplace and Student numbers, of rows of one spread and of many).
constexpr double k_worth = 6.5;

/// And so much of what it is expected to be: numbers of which a part is uniform fall between.
constexpr double k_as_expected = 0.4;

/// Of even planes chance makes more in one file of 10,000.
constexpr double k_no_more_uneven = 1e-4;

/// Where even planes would say so little on average, that is out of reach.
constexpr double k_out_of_reach = 1;

EvenPlanes weighed(const FractionCounts& counts, const SmoothDensity& density, unsigned top) {
  constexpr unsigned k_depth = 4;   // further planes say a 256th
  const auto depth = std::clamp(top + k_depth - 1, 8U, FractionCounts::k_bits);
  const auto cells = counts.cells(depth);
  const auto parts = std::size_t{1} << (depth - top + 1);
  const auto width = 1 / static_cast<double>(std::size_t{1} << (top - 1));
  EvenPlanes evidence{top, 0, 0};
  for (std::size_t first = 0; first < cells.size(); first += parts) {
    const auto octave = first >> depth;
    const auto inside = std::span(cells).subspan(first, parts);
    double count = 0;
    for (const auto one : inside) {
      count += static_cast<double>(one);
    }
    if (count == 0 || !density.holds(octave)) {
      continue;
    }
    const auto begin = 1 + width * static_cast<double>((first >> (depth - top + 1)) & ((std::size_t{1} << (top - 1)) - 1));
    const auto scores = part_scores(density, octave_begin(octave) * begin, octave_begin(octave) * width, parts);
    for (std::size_t i = 0; i < parts; ++i) {
      evidence.ratio += static_cast<double>(inside[i]) * scores[i];
      evidence.expected += count / static_cast<double>(parts) * scores[i];
    }
  }
  return evidence;
}

}  // namespace

void LevelledCounts::add(const ElementRun& run, std::size_t honest) {
  if (run.count() == 0) {
    return;
  }
  Binades binades;
  binades.add(run, {0, run.count() - 1});
  if (!binades.are_uniform() && !binades.are_cut_off()) {
    m_levels[honest].add(run);
  }
}

void LevelledCounts::merge(const LevelledCounts& other) {
  for (std::size_t level = 0; level < m_levels.size(); ++level) {
    m_levels[level].merge(other.m_levels[level]);
  }
}

FractionCounts LevelledCounts::above(unsigned top) const {
  FractionCounts sum;
  for (auto level = std::min<std::size_t>(top, m_levels.size()) - 1; level < m_levels.size(); ++level) {
    sum.merge(m_levels[level]);
  }
  return sum;
}

bool are_even_from(const FractionCounts& counts, unsigned top) {
  const auto last = std::min(top + 2, FractionCounts::k_bits);
  const auto cells = counts.cells(last);
  double statistic = 0;
  double freedom = 0;
  for (std::size_t octave = 0; octave < k_octaves; ++octave) {
    for (auto plane = top; plane <= last; ++plane) {
      std::uint64_t of = 0;
      std::uint64_t ones = 0;
      for (std::size_t cell = 0; cell < std::size_t{1} << last; ++cell) {
        const auto count = cells[octave << last | cell];
        of += count;
        ones += (cell >> (last - plane) & 1U) != 0 ? count : 0;
      }
      if (of >= k_enough_of_octave) {
        const auto off = 2 * static_cast<double>(ones) - static_cast<double>(of);
        statistic += off * off / static_cast<double>(of);
        freedom += 1;
      }
    }
  }
  return freedom >= 2 && chi_square_tail(statistic, freedom) > k_no_more_uneven;
}

std::optional<EvenPlanes> evidence_from(const FractionCounts& counts, unsigned top, Misfits misfits) {
  const auto bits = std::min(top - 1, k_most_fitted_bits);
  const auto density = SmoothDensity::fitted(counts.cells(bits), bits, misfits);
  return density ? std::optional(weighed(counts, *density, top)) : std::nullopt;
}

std::vector<EvenPlanes> plane_evidence(const LevelledCounts& counts) {
  std::vector<EvenPlanes> all;
  for (unsigned top = 1; top <= k_lowest_top; ++top) {
    if (const auto evidence = evidence_from(counts.above(top), top)) {
      all.push_back(*evidence);
      if (all.back().expected < k_out_of_reach) {
        break;
      }
    }
  }
  return all;
}

std::optional<EvenPlanes> even_planes(const LevelledCounts& counts, const std::vector<EvenPlanes>& evidence) {
  std::optional<EvenPlanes> best;
  for (const auto& planes : evidence) {
    const bool more = planes.ratio > (best ? best->ratio : k_worth) && planes.ratio > k_as_expected * planes.expected;
    if (more && are_even_from(counts.above(planes.top), planes.top)) {
      best = planes;
    }
  }
  return best;
}

}  // namespace upinspect::forensics
