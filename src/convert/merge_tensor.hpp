// SPDX-License-Identifier: Apache-2.0
// One weight of the base on its way to the output: read, updated and rounded a block of rows at a time.
#pragma once

#include "convert/merge_plan.hpp"
#include "convert/outgoing.hpp"

#include <cstddef>
#include <vector>

namespace upinspect::convert {

/// Memory that one tensor after another uses: fresh memory costs more than what is computed in it.
struct MergeBuffers {
  std::vector<std::byte> block;   ///< rows of the base's tensor
  std::vector<std::byte> merged;  ///< the same as they are written
};

struct MergeWork {
  const Input& base;
  const Input& adapter;
  lora::UpdateOptions options;
  unsigned jobs = 1;
};

/// Hands the merged tensor to `sink`, in the base's dtype, rounded once. Returns the largest change of a single number
/// before rounding. Throws Refusal where the outcome holds NaN, or infinities for want of range.
double merge_tensor(const MergeWork& work, const MergeTarget& target, MergeBuffers& buffers, const ElementSink& sink);

}  // namespace upinspect::convert
