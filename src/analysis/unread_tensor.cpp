// SPDX-License-Identifier: Apache-2.0
// tensor.unread: a tensor whose elements could not be had.
#include "analysis/rule.hpp"

namespace upinspect::analysis {

void unread_tensor(model::Builder& builder) {
  for (const auto& tensor : builder.artifact.tensors) {
    if (!tensor.unread.empty()) {
      builder.find("tensor.unread", Severity::error, "not measured: " + tensor.unread, std::nullopt, tensor.name);
    }
  }
}

}  // namespace upinspect::analysis
