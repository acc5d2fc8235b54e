// SPDX-License-Identifier: Apache-2.0
// One weight of the base on its way to the output: read, updated and rounded a block of rows at a time.
#pragma once

#include "convert/merge_plan.hpp"
#include "convert/outgoing.hpp"

namespace upinspect::convert {

struct MergeWork {
  const Input& base;
  const Input& adapter;
  lora::UpdateOptions options;
  unsigned jobs = 1;
};

/// Hands the merged tensor to `sink`, in the base's dtype, rounded once. Returns the largest change of a single number
/// before rounding. Throws Refusal where the outcome holds NaN, or infinities for want of range.
double merge_tensor(const MergeWork& work, const MergeTarget& target, const ElementSink& sink);

}  // namespace upinspect::convert
