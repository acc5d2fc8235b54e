// SPDX-License-Identifier: Apache-2.0
// Fractions that are even to their highest bit, as random content makes them which replaces all of a float but its top: MSB
// reservation (EvilModel), 23 low bits of everything.
#pragma once

#include "forensics/honest_planes.hpp"
#include "upinspect/low_bits.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace upinspect::forensics {

/// How often f32 numbers have each exponent, and with each of them ones in the three planes from plane `from` of the fraction on, 1 being the highest.
class Binades {
 public:
  explicit Binades(unsigned from = 1) : m_from(from) {}

  void add(const ElementRun& run, const Stretch& where);
  void merge(const Binades& other);

  /// The planes from `from` on are even in all binades that hold enough numbers, two at least, and all together far likelier even than honest.
  [[nodiscard]] bool fractions_are_even() const;

  /// Each binade holds twice what the one below holds, as those of uniform numbers do: even fractions are honest there.
  [[nodiscard]] bool are_uniform() const;

  /// The bits that are even: 24 where the exponents' lowest one is, 23 where the fraction is and numbers are not uniform, 0 else.
  [[nodiscard]] unsigned even_bits() const;

 private:
  [[nodiscard]] bool ends_are_even() const;

  unsigned m_from;
  std::array<std::uint64_t, 256> m_counts{};
  std::array<std::array<std::uint64_t, 3>, 256> m_ones{};
  TopPlanes m_planes;
};

struct EvenFraction {
  unsigned bits = 0;
  Stretch where;
};

/// The stretch of a tensor for which that is so, of `searched` numbers that are looked at in all.
[[nodiscard]] std::optional<EvenFraction> even_fraction(const ElementRun& run, std::uint64_t searched);

}  // namespace upinspect::forensics
