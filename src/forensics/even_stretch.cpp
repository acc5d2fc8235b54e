// SPDX-License-Identifier: Apache-2.0
#include "forensics/even_stretch.hpp"

#include "forensics/even_fraction.hpp"
#include "forensics/even_planes.hpp"
#include "forensics/fraction_scores.hpp"
#include "forensics/honest_planes.hpp"
#include "numeric/load.hpp"

#include <algorithm>
#include <cmath>

namespace upinspect::forensics {
namespace {

constexpr unsigned k_last_top = 7;
constexpr unsigned k_fine_bits = 3;

/// Of fewer numbers a density is not worth its while: it takes as long as these take to be searched.
constexpr std::size_t k_large = std::size_t{1} << 16;

/// The chance that honest weights show a stretch that is called even, for all planes from which it may be together.
constexpr double k_stretch_budget = 4e-4;

/// What the greatest sum of `searched` honest elements exceeds with the share of the budget that one plane has: in n elements whose
/// logarithms fall by D each with a variance of 2 D, a sum above b comes with a chance of n D nu^2 e^-b, nu = e^(-0.583 sqrt(2 D)) (Siegmund 1985).
double convincing_sum(std::uint64_t searched, double fall) {
  const auto chances = static_cast<double>(searched) * fall * std::exp(-1.166 * std::sqrt(2 * fall));
  return std::log(std::max(chances, 1.0) * k_last_top / k_stretch_budget);
}

/// Fractions of uniform numbers are even for an honest reason, and where small ones were cut off the rest leans as it will.
bool tells_nothing(const ElementRun& run) {
  Binades binades;
  binades.add(run, {0, run.count() - 1});
  return binades.are_uniform() || binades.are_cut_off();
}

}  // namespace

StretchSearch::StretchSearch(const ElementRun& run, std::uint64_t searched) : m_run(run), m_searched(searched), m_lowest(run.width != 4 || run.count() < k_large ? std::nullopt : first_exponent(run)) {
  if (m_lowest) {
    m_counts.add(run);
    m_coarse = SmoothDensity::fitted(m_counts.cells(0), 0);
    m_fine = SmoothDensity::fitted(m_counts.cells(k_fine_bits), k_fine_bits);
  }
}

std::optional<FractionScores> StretchSearch::own_scores(unsigned top) const {
  const auto& density = top <= k_fine_bits ? m_coarse : m_fine;
  return density ? std::optional(FractionScores(*density, m_counts, *m_lowest, top)) : std::nullopt;
}

StretchSearch::Segment StretchSearch::best_segment(const FractionScores& scores) const {
  Segment best;
  double sum = 0;
  std::size_t begin = 0;
  const auto count = m_run.count();
  for (std::size_t i = 0; i < count; ++i) {
    const auto pattern = numeric::load_le<std::uint32_t>(m_run.bytes.data() + i * 4);
    sum += is_normal_f32(pattern) ? static_cast<double>(scores.of(pattern)) : 0;
    if (sum <= 0) {
      sum = 0;
      begin = i + 1;
    } else if (sum > best.score) {
      best = {sum, begin, i + 1};
    }
  }
  return best;
}

/// By the density of its own numbers the stretch is even, too, if less surely since that is told from fewer: rows of another spread than the rest may look so by
/// that of the tensor. It holds enough numbers to say so on average: few of them say it by chance where they are picked for it.
bool StretchSearch::is_even_by_itself(const Segment& segment, unsigned top, double enough) const {
  constexpr double k_less = 3;
  constexpr double k_on_average = 0.6;
  FractionCounts counts;
  counts.add({m_run.bytes.subspan(segment.begin * m_run.width, (segment.end - segment.begin) * m_run.width), m_run.width});
  const auto evidence = evidence_from(counts, top, Misfits::refused);
  return evidence && evidence->ratio > enough - k_less && evidence->expected > enough * k_on_average && are_even_from(counts, top);
}

/// Both laws must be against honest numbers: a density that was told from them may be wrong, and Benford's law knows nothing of their spread.
bool StretchSearch::is_convincing(const Segment& segment, unsigned top, double enough, bool by_density) const {
  constexpr double k_enough_of_all = 12;   // where no plane above tells that the numbers are trained ones
  const auto least = top == 1 ? 3.0 : 0.0;
  const auto benford = even_ratio(top_planes(m_run, segment.where()), top);
  const bool alone = top == 1 ? benford > k_enough_of_all : !by_density;
  return alone || (by_density && benford > least && is_even_by_itself(segment, top, enough));
}

/// The planes above are honest in the stretch, and those that it changes are in what is left, if enough is.
bool StretchSearch::is_in_honest(const Segment& segment, unsigned top) const {
  constexpr std::uint64_t k_enough_left = 256;
  const auto inside = top_planes(m_run, segment.where());
  auto outside = top_planes(m_run, {0, m_run.count() - 1});
  outside.counted -= inside.counted;
  std::transform(outside.ones.begin(), outside.ones.end(), inside.ones.begin(), outside.ones.begin(), std::minus<>());
  return is_honest_above(inside, top) && (outside.counted < k_enough_left || (is_honest_plane(outside, top) && is_honest_plane(outside, 1)));
}

/// The most even segment where it is beyond chance.
std::optional<StretchSearch::Segment> StretchSearch::most_even(unsigned top) const {
  constexpr double k_says_nothing = 2;
  const auto own = own_scores(top);
  const auto& scores = own ? *own : FractionScores::benford(top);
  if (static_cast<double>(m_run.count()) * scores.divergence() < k_says_nothing) {
    return std::nullopt;
  }
  const auto segment = best_segment(scores);
  const auto enough = convincing_sum(m_searched, scores.divergence());
  return segment.score > enough && is_convincing(segment, top, enough, own.has_value()) ? std::optional(segment) : std::nullopt;
}

std::optional<EvenStretch> StretchSearch::low_bits() const {
  constexpr std::size_t k_fewest_numbers = 256;
  double most = 0;
  std::optional<EvenStretch> best;
  for (unsigned top = 2; m_run.width == 4 && m_run.count() >= k_fewest_numbers && top <= k_last_top; ++top) {
    const auto segment = most_even(top);
    if (segment && segment->score > most && is_in_honest(*segment, top)) {
      most = segment->score;
      best = EvenStretch{k_f32_fraction + 1 - top, segment->where()};
    }
  }
  return best && !tells_nothing(m_run) ? best : std::nullopt;
}

std::optional<Stretch> StretchSearch::whole_fraction() const {
  const auto segment = m_run.width == 4 ? most_even(1) : std::nullopt;
  return segment ? std::optional(segment->where()) : std::nullopt;
}

}  // namespace upinspect::forensics
