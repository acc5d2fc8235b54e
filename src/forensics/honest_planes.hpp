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

/// Bits of the fraction of an f32.
inline constexpr unsigned k_f32_fraction = 23;

/// Neither zero, subnormal, infinite nor NaN, of the bits of an f32.
[[nodiscard]] constexpr bool is_normal_f32(std::uint32_t pattern) noexcept {
  const auto exponent = pattern >> 23 & 0xffU;
  return exponent != 0 && exponent != 0xff;
}

/// Ones in each plane of the fraction, the highest first.
struct TopPlanes {
  std::array<std::uint64_t, 12> ones{};
  std::uint64_t counted = 0;
};

/// Those of a stretch of f32 elements; zero, NaN and infinities do not count.
[[nodiscard]] TopPlanes top_planes(const ElementRun& run, const Stretch& where);

/// What a one and a zero in plane `top` say for "even" against "honest": ln of the ratio of their chances.
struct BitEvidence {
  double one;
  double zero;
};
[[nodiscard]] BitEvidence evidence_for_even(unsigned top);

/// The fewest planes from the top that are honest while all below are even, which random content makes them: ln of the
/// likelihood ratio above 7, the planes above as in trained weights. Gives how many low bits are even.
[[nodiscard]] std::optional<unsigned> even_low_bits(const TopPlanes& planes, unsigned fraction);

/// ln of how much likelier the planes from `from` on are where they are even than where they are honest.
[[nodiscard]] double even_ratio(const TopPlanes& planes, unsigned from);

/// Plane `top` is as honest ones are, within four standard deviations.
[[nodiscard]] bool is_honest_plane(const TopPlanes& planes, unsigned top);

/// Each plane above `top` is.
[[nodiscard]] bool is_honest_above(const TopPlanes& planes, unsigned top);

}  // namespace upinspect::forensics
