// SPDX-License-Identifier: Apache-2.0
// Random low bits of all numbers together. Between two neighbouring sizes honest numbers thin out as they do from size to size; where random bits were laid over their
// fractions from some plane on they no longer do, though the counts of what lies above that plane are honest ones.
#pragma once

#include "forensics/fraction_counts.hpp"
#include "forensics/smooth_density.hpp"

#include <array>
#include <optional>
#include <vector>

namespace upinspect::forensics {

/// Random bits from plane `top` of the fraction on, 1 being the highest.
struct EvenPlanes {
  unsigned top = 0;
  double ratio = 0;      ///< ln of how much likelier even planes are than honest ones
  double expected = 0;   ///< that ln, on average, if they were even
};

/// Tensors by what may be asked of them.
class LevelledCounts {
 public:
  /// A tensor whose `honest` highest planes are honest, 0 to 3. Nothing of one that may be uniform, whose fractions are even for an honest reason, or of one whose
  /// small numbers were cut off.
  void add(const ElementRun& run, std::size_t honest);

  void merge(const LevelledCounts& other);

  /// Of all tensors that are honest above plane `top`.
  [[nodiscard]] FractionCounts above(unsigned top) const;

 private:
  std::array<FractionCounts, 4> m_levels;   ///< by honest planes
};

/// What these numbers say for random bits from plane `top` on; nothing where their density cannot be told.
[[nodiscard]] std::optional<EvenPlanes> evidence_from(const FractionCounts& counts, unsigned top, Misfits misfits = Misfits::left_out);

/// Three planes from `top` on are even in each octave that holds enough.
[[nodiscard]] bool are_even_from(const FractionCounts& counts, unsigned top);

/// What is said for each plane from which on random bits may begin, from the highest on as far as these numbers can tell; planes of which they tell nothing are left out.
[[nodiscard]] std::vector<EvenPlanes> plane_evidence(const LevelledCounts& counts);

/// With so much expected evidence nine files in ten show random bits: the evidence varies by the root of twice as much.
inline constexpr double k_mostly_seen = 13;

/// The likeliest, if honest files show as much in three of 10,000 at most (docs/steganalysis.md).
[[nodiscard]] std::optional<EvenPlanes> even_planes(const LevelledCounts& counts, const std::vector<EvenPlanes>& evidence);

}  // namespace upinspect::forensics
