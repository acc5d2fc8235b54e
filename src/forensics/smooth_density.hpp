// SPDX-License-Identifier: Apache-2.0
// How weights thin out with size. Trained weights do so smoothly, whatever their scale: what counts of coarse cells tell of that
// says how each cell leans within, and random low bits leave the counts of the cells as they were.
#pragma once

#include "forensics/fraction_counts.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace upinspect::forensics {

/// What becomes of octaves that fit in no way, as where numbers were cut off.
enum class Misfits { left_out, refused };

/// exp of a sum of up to five functions of the size a: a, a squared, ln(1 + a squared), the root of a, ln a. Normal, Laplace and Student laws and their mixtures are near it.
class SmoothDensity {
 public:
  /// The likeliest for `cells` (by octave, 2^`bits` of equal width in each, 0 to 5 bits), with the fewest functions that fit.
  /// Nothing where fewer than two octaves are left that hold enough, or where one is a misfit and that is refused.
  [[nodiscard]] static std::optional<SmoothDensity> fitted(std::span<const std::uint64_t> cells, unsigned bits, Misfits misfits = Misfits::left_out);

  /// ln of the density at a size, but for a constant.
  [[nodiscard]] double log_at(double size) const;

  /// It holds there.
  [[nodiscard]] bool holds(std::size_t octave) const { return m_holds[octave]; }

 private:
  static constexpr std::size_t k_terms = 5;
  friend class DensityFit;

  std::array<double, k_terms> m_weights{};
  std::array<bool, k_octaves> m_holds{};
};

/// For each of `parts` equal parts of a cell, ln of (the cell's mean density / the part's): what a number there says for even bits below the cell.
[[nodiscard]] std::vector<double> part_scores(const SmoothDensity& density, double begin, double width, std::size_t parts);

}  // namespace upinspect::forensics
