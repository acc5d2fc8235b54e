// SPDX-License-Identifier: Apache-2.0
// Which tensor of the one side is which of the other: by name, by what an adapter calls it, by content.
#pragma once

#include "diff/side.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace upinspect::diff {

struct Match {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;  ///< old and new index, in the order of the new side
  std::vector<std::size_t> added;
  std::vector<std::size_t> removed;
};

/// Names that both sides have, then tensors whose adapter module and part agree under one spelling, then tensors of one
/// type, shape and content, then the last ones left of one type and as many elements. Only tensors that `glob` names, if it
/// is not empty.
[[nodiscard]] Match match_tensors(const Side& before, const Side& after, const std::string& glob);

}  // namespace upinspect::diff
