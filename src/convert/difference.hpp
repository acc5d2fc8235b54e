// SPDX-License-Identifier: Apache-2.0
// How far values, or the updates that they make, are from what they were.
#pragma once

#include "convert/factors.hpp"
#include "convert/outgoing.hpp"

namespace upinspect::convert {

struct Difference {
  double largest = 0;   ///< of single numbers; infinite where a finite number became infinite
  double relative = 0;  ///< Frobenius norm of the difference, by that of what it was
};

/// Element by element. Both have the same shape. What is NaN on both sides, or the same infinity, differs by nothing.
[[nodiscard]] Difference difference_of_values(const Outgoing& old, const Outgoing& now);

/// Of scale x up @ down, computed in double from the differences of the factors, so that nothing cancels.
[[nodiscard]] Difference difference_of_updates(const ModuleFactors& old, const ModuleFactors& now);

}  // namespace upinspect::convert
