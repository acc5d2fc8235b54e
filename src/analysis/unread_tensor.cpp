// SPDX-License-Identifier: Apache-2.0
// tensor.unread: a tensor whose elements could not be had.
#include "analysis/rule.hpp"

#include <string>
#include <unordered_set>

namespace upinspect::analysis {

namespace {

/// The tensors of which a reader has said why already, and how bad it is in its format.
std::unordered_set<std::string> explained(const model::Builder& builder) {
  std::unordered_set<std::string> names;
  for (const auto& finding : builder.artifact.findings) {
    const bool told = finding.id == "tensor.unread" || finding.id == "tensor.shape-overflow" ||
                      finding.id == "tensor.malformed" || finding.id == "torch.missing-storage";
    if (told) {
      names.insert(finding.tensor);
    }
  }
  return names;
}

}  // namespace

void unread_tensor(model::Builder& builder) {
  const auto said = explained(builder);
  for (const auto& tensor : builder.artifact.tensors) {
    if (!tensor.unread.empty() && said.count(tensor.name) == 0) {
      builder.find("tensor.unread", Severity::error, "not measured: " + tensor.unread, std::nullopt, tensor.name);
    }
  }
}

}  // namespace upinspect::analysis
