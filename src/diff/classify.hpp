// SPDX-License-Identifier: Apache-2.0
// Says what kind of change turned the old tensor into the new one, and why that is so.
#pragma once

#include "diff/pair.hpp"
#include "numeric/element_difference.hpp"
#include "upinspect/difference.hpp"

#include <optional>
#include <string>

namespace upinspect::diff {

struct Explanation {
  ChangeKind kind = ChangeKind::mixed;
  std::string why;
  unsigned field_bits = 0;
  unsigned field_base = 0;
  double p_value = 1;
};

/// The pair and what was measured of it; `difference.kept` holds the first changed elements of each piece.
struct Case {
  const Pair& pair;
  const numeric::ElementDifference& difference;
};

/// Tries the explanations in turn, exact ones first. The tensors are of one type and differ.
[[nodiscard]] Explanation explain(const Case& of);

// One explanation each; nothing where it does not hold. Exact ones are tried on the kept elements, then proven on all.
[[nodiscard]] std::optional<Explanation> explain_cast(const Case& of);
[[nodiscard]] std::optional<Explanation> explain_truncation(const Case& of);
[[nodiscard]] std::optional<Explanation> explain_scaling(const Case& of);
[[nodiscard]] std::optional<Explanation> explain_permutation(const Case& of);
[[nodiscard]] std::optional<Explanation> explain_requantisation(const Case& of);
[[nodiscard]] std::optional<Explanation> explain_bit_flips(const Case& of);
[[nodiscard]] std::optional<Explanation> explain_bit_field(const Case& of);
[[nodiscard]] std::optional<Explanation> explain_forced_byte(const Case& of);
[[nodiscard]] std::optional<Explanation> explain_training(const Case& of);

/// For tensors of two types: each number is the old one, rounded to the new type or exact in it. An empty text where
/// that does not hold, else the reason.
[[nodiscard]] std::string explain_conversion(const Pair& pair);

}  // namespace upinspect::diff
