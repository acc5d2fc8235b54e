// SPDX-License-Identifier: Apache-2.0
// Inspects npy streams made for tests and says what came out, in a line.
#pragma once

#include "support/catch.hpp"
#include "support/npy_builder.hpp"
#include "support/soundness.hpp"
#include "upinspect/inspect.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace upinspect::test {

inline Artifact inspect_npy(const std::string& content, InspectOptions options = {}) {
  options.jobs = 1;
  auto artifact = inspect_bytes("array.npy", content.data(), content.size(), options);
  CHECK(unsoundness(artifact, content.size()) == "");
  return artifact;
}

inline Artifact inspect_npy(const NpyBuilder& file) { return inspect_npy(file.build()); }

inline std::string shape_of(const Tensor& tensor) {
  std::string text;
  for (const auto size : tensor.shape) {
    text += (text.empty() ? "" : "x") + std::to_string(size);
  }
  return text.empty() ? "scalar" : text;
}

/// The tensor's type and shape, then the findings: errors in full, others by their ids. The general rules are left out.
inline std::string told_by_npy(const Artifact& artifact) {
  std::string line;
  const auto add = [&line](const std::string& part) { line += (line.empty() ? "" : "; ") + part; };
  for (const auto& tensor : artifact.tensors) {
    add(tensor.dtype_name + " " + shape_of(tensor));
  }
  for (const auto& finding : artifact.findings) {
    if (finding.id == "container.malformed" && finding.message.starts_with("npy: ")) {
      add("refused: " + finding.message.substr(5));
    } else if (finding.severity == Severity::error && finding.id != "tensor.unread") {
      add("error " + finding.id + ": " + finding.message);
    } else if (finding.id.starts_with("npy.")) {
      add(finding.id);
    }
  }
  return line;
}

inline std::string told_by_npy(const NpyBuilder& file) { return told_by_npy(inspect_npy(file)); }

inline const Finding* find(const Artifact& artifact, std::string_view id) {
  const auto found = std::find_if(artifact.findings.begin(), artifact.findings.end(),
                                  [id](const Finding& finding) { return finding.id == id; });
  return found == artifact.findings.end() ? nullptr : &*found;
}

/// Of a file that must have just one tensor.
inline const Tensor& only(const Artifact& artifact) {
  REQUIRE(artifact.tensors.size() == 1);
  return artifact.tensors.front();
}

}  // namespace upinspect::test
