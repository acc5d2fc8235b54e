// SPDX-License-Identifier: Apache-2.0
// container.overlapping-bytes: bytes that two parts of the file both claim.
#include "analysis/rule.hpp"

namespace upinspect::analysis {

void overlapping_bytes(model::Builder& builder) {
  constexpr std::size_t k_listed = 64;
  const auto& overlaps = builder.artifact.coverage.overlaps;
  for (std::size_t i = 0; i < overlaps.size() && i < k_listed; ++i) {
    builder.find("container.overlapping-bytes", Severity::warning,
                 std::to_string(overlaps[i].range.length) + " bytes of \"" + label_of(overlaps[i], builder.artifact.tensors) +
                     "\" belong to another part of the file as well",
                 overlaps[i].range);
  }
  if (overlaps.size() > k_listed) {
    builder.find("container.overlapping-bytes", Severity::warning,
                 std::to_string(overlaps.size() - k_listed) + " more overlaps are not listed");
  }
}

}  // namespace upinspect::analysis
