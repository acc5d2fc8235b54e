// SPDX-License-Identifier: Apache-2.0
// tensor.unread: a tensor whose elements could not be had.
#include "analysis/rule.hpp"

namespace upinspect::analysis {

void unread_tensor(model::Builder& builder) {
  constexpr std::size_t k_listed = 256;
  std::size_t found = 0;
  for (const auto& tensor : builder.artifact.tensors) {
    if (!tensor.unread.empty() && found++ < k_listed) {
      builder.find("tensor.unread", builder.unread_severity, "not measured: " + tensor.unread, std::nullopt, tensor.name);
    }
  }
  if (found > k_listed) {
    builder.find("tensor.unread", builder.unread_severity,
                 std::to_string(found - k_listed) + " more tensors that were not measured are not listed");
  }
}

}  // namespace upinspect::analysis
