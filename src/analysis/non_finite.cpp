// SPDX-License-Identifier: Apache-2.0
// tensor.non-finite: NaN or infinities, which make a model's output unusable.
#include "analysis/rule.hpp"

namespace upinspect::analysis {

void non_finite(model::Builder& builder) {
  for (const auto& tensor : builder.artifact.tensors) {
    if (!tensor.stats || tensor.stats->nans + tensor.stats->infs == 0) {
      continue;
    }
    builder.find("tensor.non-finite", Severity::warning,
                 std::to_string(tensor.stats->nans) + " NaN and " + std::to_string(tensor.stats->infs) +
                     " infinite values among " + std::to_string(tensor.elements),
                 std::nullopt, tensor.name);
  }
}

}  // namespace upinspect::analysis
