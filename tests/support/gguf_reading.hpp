// SPDX-License-Identifier: Apache-2.0
// Reads built GGUF files and asks what was found in them.
#pragma once

#include "support/catch.hpp"
#include "support/gguf_builder.hpp"
#include "support/soundness.hpp"
#include "upinspect/inspect.hpp"

#include <algorithm>
#include <string>

namespace upinspect::test::gguf {

inline Artifact inspected_gguf(const std::string& content, InspectOptions options = {}) {
  options.jobs = 1;
  auto artifact = inspect_bytes("model.gguf", content.data(), content.size(), options);
  CHECK(test::unsoundness(artifact, content.size()) == "");
  return artifact;
}

inline Artifact inspected_gguf(const GgufBuilder& file) { return inspected_gguf(file.build()); }

/// The findings as lines "severity id: message", without those of the general rules.
inline std::string told_by_gguf(const Artifact& artifact) {
  std::string lines;
  for (const auto& finding : artifact.findings) {
    const auto severity = finding.severity == Severity::error ? "error " : finding.severity == Severity::warning ? "warning " : "note ";
    lines += severity + finding.id + ": " + finding.message + "\n";
  }
  return lines;
}

inline bool says(const Artifact& artifact, const std::string& part) {
  INFO(told_by_gguf(artifact));
  INFO(part);
  const bool found = told_by_gguf(artifact).find(part) != std::string::npos;
  CHECK(found);
  return found;
}

inline bool refuses(const Artifact& artifact) {
  return std::any_of(artifact.findings.begin(), artifact.findings.end(),
                     [](const Finding& finding) { return finding.severity == Severity::error; });
}

/// Four f32 in two rows, little- or big-endian.
inline std::string four(const GgufBuilder& file) { return file.real(1) + file.real(-2) + file.real(3) + file.real(0); }

inline GgufBuilder adapter(bool big = false) {
  GgufBuilder file;
  file.big = big;
  file.string_pair("general.type", "adapter").string_pair("general.architecture", "llama");
  file.string_pair("adapter.type", "lora").pair("adapter.lora.alpha", GgufBuilder::f32, file.real(16));
  file.tensor("blk.0.attn_q.weight.lora_a", {2, 2}, 0, four(file));
  return file.tensor("blk.0.attn_q.weight.lora_b", {2, 2}, 0, four(file));
}

inline const Value& metadata(const Artifact& artifact, const std::string& key) {
  const auto* value = artifact.metadata.find(key);
  REQUIRE(value != nullptr);
  return *value;
}

}  // namespace upinspect::test::gguf
