// SPDX-License-Identifier: Apache-2.0
// What the values of one stretch of a tensor tell beyond its planes: explanations, findings, and the fields that tools leave.
#pragma once

#include "forensics/even_fraction.hpp"
#include "forensics/even_stretch.hpp"
#include "forensics/value_origin.hpp"
#include "lowbits/carriers.hpp"
#include "upinspect/low_bits.hpp"

#include <optional>
#include <vector>

namespace upinspect::lowbits {

struct PartFacts {
  std::optional<forensics::EvenStretch> even;
  std::optional<forensics::BrokenUpcast> broken;
  std::optional<forensics::EvenFraction> whole;
  std::optional<Stretch> marked;     ///< so long a run of one highest byte that no honest weights have it
  forensics::Repetition repeated;
  bool lattice = false;
  bool fractions_alone = false;      ///< what repeats are fractions, whatever is above them: no grid makes that, writing does
};

[[nodiscard]] forensics::ElementRun part_of(const Loaded& loaded, std::size_t index);

/// Of f32, where `searched` numbers are looked at in all; all others have no facts.
[[nodiscard]] PartFacts facts_of(const forensics::ElementRun& run, unsigned fraction, std::uint64_t searched);

/// Findings about the part `index` of the carrier, and the fields they speak of as payloads that nobody has read.
void add_part_findings(const Loaded& loaded, std::size_t index, const PartFacts& facts, LowBits& result, std::vector<Payload>& fields);

/// Explanations of the tensor's planes, and where they are even.
void explain_part(const Loaded& loaded, std::size_t index, const PartFacts& facts, TensorPlanes& tensor);

}  // namespace upinspect::lowbits
