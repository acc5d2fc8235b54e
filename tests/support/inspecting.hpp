// SPDX-License-Identifier: Apache-2.0
// Inspects files from memory and answers questions about what was found.
#pragma once

#include "upinspect/inspect.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::test {

inline Artifact inspected(const std::string& file, const std::string& name = "adapter.pt") {
  InspectOptions options;
  options.jobs = 1;
  return inspect_bytes(name, file.data(), file.size(), options);
}

/// "id: message" of every finding as bad as `least`, in the artifact's order.
inline std::vector<std::string> told(const Artifact& artifact, Severity least = Severity::error) {
  std::vector<std::string> out;
  for (const auto& finding : artifact.findings) {
    if (finding.severity >= least) {
      out.push_back(finding.id + ": " + finding.message);
    }
  }
  return out;
}

/// Of the first finding with this id; empty where there is none.
inline std::string message(const Artifact& artifact, std::string_view id) {
  const auto found = std::find_if(artifact.findings.begin(), artifact.findings.end(),
                                  [id](const Finding& finding) { return finding.id == id; });
  return found == artifact.findings.end() ? std::string() : found->message;
}

inline const Tensor* tensor_named(const Artifact& artifact, std::string_view name) {
  const auto found = std::find_if(artifact.tensors.begin(), artifact.tensors.end(),
                                  [name](const Tensor& tensor) { return tensor.name == name; });
  return found == artifact.tensors.end() ? nullptr : &*found;
}

/// The labels of the map in order, gaps included.
inline std::vector<std::string> labels_of(const Artifact& artifact) {
  std::vector<std::string> out;
  for (const auto& region : artifact.coverage.regions) {
    out.push_back(region.label);
  }
  return out;
}

}  // namespace upinspect::test
