// SPDX-License-Identifier: Apache-2.0
// Fractions that are even to their highest bit, as random content makes them which replaces all of a float but its top: MSB
// reservation (EvilModel), 23 low bits of everything.
#pragma once

#include "forensics/even_stretch.hpp"
#include "upinspect/low_bits.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace upinspect::forensics {

/// How often f32 numbers have each exponent, and with each of them ones in the three highest planes of the fraction.
class Binades {
 public:
  void add(const ElementRun& run, const Stretch& where);
  /// The planes are even in all binades that hold enough numbers, two at least.
  [[nodiscard]] bool fractions_are_even() const;

  /// Each binade holds twice what the one below holds, as those of uniform numbers do: even fractions are honest there.
  [[nodiscard]] bool are_uniform() const;

  /// Small numbers were cut off: more than a tenth are zero or subnormal, or a binade holds not an eighth of what the one above holds, for weights do not thin
  /// out towards zero of themselves.
  [[nodiscard]] bool are_cut_off() const;

  /// The bits that are even where fractions are: 24 where the exponents' lowest one is, 23 where numbers are not uniform, 0 else.
  [[nodiscard]] unsigned even_bits() const;

 private:
  [[nodiscard]] bool ends_are_even() const;

  std::uint64_t m_zeros = 0;   ///< and subnormal numbers
  std::array<std::uint64_t, 256> m_counts{};
  std::array<std::array<std::uint64_t, 3>, 256> m_ones{};
};

struct EvenFraction {
  unsigned bits = 0;
  Stretch where;
};

/// The stretch of a tensor for which that is so.
[[nodiscard]] std::optional<EvenFraction> even_fraction(const StretchSearch& search);

}  // namespace upinspect::forensics
