// SPDX-License-Identifier: Apache-2.0
// What bit planes of trained weights show, and how far a tensor's are from it.
#pragma once

#include "forensics/carrier.hpp"
#include "upinspect/low_bits.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace upinspect::forensics {

/// The chance that bit `top` of a fraction, 1 being its highest, is one: numbers whose logarithms are spread evenly (Benford's
/// law), which trained and normally distributed weights follow to three digits.
[[nodiscard]] double benford_one(unsigned top);

/// Bits that hold a fraction: 52, 23, 10, 7; 0 for all other types.
[[nodiscard]] unsigned fraction_bits(Dtype dtype) noexcept;

/// `ones[b]` elements of `counted` have bit b set. Planes of the fraction are held against Benford's law, with the tolerance
/// that honest files need in the highest ones.
[[nodiscard]] std::vector<BitPlane> judge_planes(std::span<const std::uint64_t> ones, std::uint64_t counted, unsigned fraction);

/// The three highest planes of the fraction are as in trained weights.
[[nodiscard]] bool is_trained(const std::vector<BitPlane>& planes, unsigned fraction, std::uint64_t counted);

/// The same of f32 elements but for a stretch of them; false where fewer than a thousand are left to tell.
[[nodiscard]] bool is_trained_without(const ElementRun& run, const Stretch& where);

/// Ones in each plane of the fraction, the highest first.
struct TopPlanes {
  std::array<std::uint64_t, 12> ones{};
  std::uint64_t counted = 0;
};

/// The fewest planes from the top that are honest while all below are even, which random content makes them: ln of the
/// likelihood ratio above 7, the planes above as in trained weights. Gives how many low bits are even.
[[nodiscard]] std::optional<unsigned> even_low_bits(const TopPlanes& planes, unsigned fraction);

/// ln of how much likelier the planes are where all are even than where they are honest.
[[nodiscard]] double even_ratio(const TopPlanes& planes);

/// The same of planes from `from` on alone.
[[nodiscard]] double even_ratio_from(const TopPlanes& planes, unsigned from);

/// Each plane above `top` is as honest ones are, within four standard deviations.
[[nodiscard]] bool is_honest_above(const TopPlanes& planes, unsigned top);

/// A stretch of f32 elements whose low bits are even from some plane on, where the rest is honest (CUSUM of the log
/// likelihood ratio, for each plane 2 to 7), among `searched` numbers in all.
struct EvenStretch {
  unsigned bits = 0;
  Stretch where;
};
[[nodiscard]] std::optional<EvenStretch> even_stretch(const ElementRun& run, std::uint64_t searched);

/// The stretch of f32 elements whose whole fraction is most like even bits and least like trained weights, where that is beyond chance.
[[nodiscard]] std::optional<Stretch> most_even_stretch(const ElementRun& run, std::uint64_t searched);

}  // namespace upinspect::forensics
