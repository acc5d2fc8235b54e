// SPDX-License-Identifier: Apache-2.0
// tensor.unread: a tensor whose elements could not be had.
#include "analysis/rule.hpp"

#include <string>
#include <unordered_set>

namespace upinspect::analysis {

namespace {

constexpr std::size_t k_listed_unread = 256;

/// The tensors of which a reader has said why already, and how bad it is in its format.
std::unordered_set<std::string> explained(const model::Builder& builder) {
  std::unordered_set<std::string> names;
  for (const auto& finding : builder.artifact.findings) {
    const bool told = finding.id == "tensor.unread" || finding.id == "tensor.shape-overflow" ||
                      finding.id == "tensor.malformed" || finding.id == "tensor.expanded-view" ||
                      finding.id == "torch.missing-storage" || finding.id == "npy.object-array";
    if (told) {
      names.insert(finding.tensor);
    }
  }
  return names;
}

}  // namespace

void unread_tensor(model::Builder& builder) {
  const auto said = explained(builder);
  std::size_t found = 0;
  for (const auto& tensor : builder.artifact.tensors) {
    if (!tensor.unread.empty() && !said.contains(tensor.name) && found++ < k_listed_unread) {
      builder.find("tensor.unread", builder.unread_severity, "not measured: " + tensor.unread, std::nullopt, tensor.name);
    }
  }
  if (found > k_listed_unread) {
    builder.find("tensor.unread", builder.unread_severity,
                 std::to_string(found - k_listed_unread) + " more tensors that were not measured are not listed");
  }
}

}  // namespace upinspect::analysis
