// SPDX-License-Identifier: Apache-2.0
// A stretch of random low bits in a tensor: the greatest sum of what its numbers say for "even from this plane on" against "honest" (CUSUM of the log likelihood
// ratio). Of large tensors honest means as smooth as their own density, of small ones Benford's law.
#pragma once

#include "forensics/bit_stream.hpp"
#include "forensics/fraction_scores.hpp"
#include "upinspect/low_bits.hpp"

#include <cstdint>
#include <optional>

namespace upinspect::forensics {

/// A stretch of f32 elements whose low bits are even from some plane on, where the rest is honest.
struct EvenStretch {
  unsigned bits = 0;
  Stretch where;
};

/// The search of one tensor of f32 elements, among `searched` numbers in all.
class StretchSearch {
 public:
  StretchSearch(const ElementRun& run, std::uint64_t searched);

  [[nodiscard]] const ElementRun& run() const noexcept { return m_run; }

  /// The likeliest for each of planes 2 to 7 as the highest even one. Nothing in numbers that may be uniform, or whose small ones were
  /// cut off.
  [[nodiscard]] std::optional<EvenStretch> low_bits() const;

  /// Where the whole fraction is most like even bits and least like trained weights, beyond chance.
  [[nodiscard]] std::optional<Stretch> whole_fraction() const;

 private:
  struct Segment {
    double score = 0;
    std::size_t begin = 0;
    std::size_t end = 0;

    [[nodiscard]] Stretch where() const { return {begin, end - 1}; }
  };

  [[nodiscard]] std::optional<FractionScores> own_scores(unsigned top) const;
  [[nodiscard]] Segment best_segment(const FractionScores& scores) const;
  [[nodiscard]] bool is_even_by_itself(const Segment& segment, unsigned top, double enough) const;
  [[nodiscard]] bool is_convincing(const Segment& segment, unsigned top, double enough, bool by_density) const;
  [[nodiscard]] bool is_in_honest(const Segment& segment, unsigned top) const;
  [[nodiscard]] std::optional<Segment> most_even(unsigned top) const;

  ElementRun m_run;
  std::uint64_t m_searched;
  std::optional<int> m_lowest;             ///< exponent of the first octave, of a large tensor
  FractionCounts m_counts;
  std::optional<SmoothDensity> m_coarse;   ///< from counts of octaves, which random bits leave alone from the three highest planes on
  std::optional<SmoothDensity> m_fine;     ///< of lower planes, from eighths of octaves
};

}  // namespace upinspect::forensics
