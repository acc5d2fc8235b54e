// SPDX-License-Identifier: Apache-2.0
#include "integrity/in_place.hpp"

#include "inspect/conduct.hpp"
#include "integrity/describe.hpp"
#include "upinspect/folder.hpp"

#include <algorithm>
#include <filesystem>
#include <unordered_map>

namespace upinspect::integrity {

namespace {

namespace fs = std::filesystem;
using inspecting::Neighbours;

bool is_one_half(const Artifact& artifact) {
  return std::any_of(artifact.findings.begin(), artifact.findings.end(), [](const Finding& finding) { return finding.id == "lora.one-half"; });
}

void adopt(const Finding& finding, Artifact& artifact) {
  const bool known = std::any_of(artifact.findings.begin(), artifact.findings.end(), [&finding](const Finding& own) {
    return own.id == finding.id && own.message == finding.message && own.tensor == finding.tensor;
  });
  if (!known) {
    artifact.findings.push_back(finding);
  }
}

InspectOptions headers_of(const InspectOptions& options) {
  auto headers = options;
  headers.depth = Depth::headers;
  headers.sha256 = false;
  headers.tensor_sha256 = false;
  return headers;
}

/// What an index says of its shards needs no more than their headers.
Artifact inspect_json(const std::string& file, const InspectOptions& options) {
  auto artifact = inspect_alone(file, options);
  for (const auto& finding : inspecting::inspect_path(file, headers_of(options), Neighbours::followed).artifact.findings) {
    adopt(finding, artifact);
  }
  return artifact;
}

}  // namespace

Artifact InPlace::inspect(const std::string& file, const InspectOptions& options) {
  const fs::path path(file);
  auto artifact = path.extension() == ".json" ? inspect_json(file, options) : inspecting::inspect_path(file, options, Neighbours::followed).artifact;
  if (is_one_half(artifact)) {
    const auto name = path.filename().string();
    for (const auto& [where, finding] : *of_folder(path.parent_path().string(), options)) {
      if (where.empty() || where == name) {
        adopt(finding, artifact);
      }
    }
  }
  inspecting::sort_findings(artifact.findings);
  return artifact;
}

/// The meaning of the pair alone: what is wrong with the file of a half is found where that file is read.
std::shared_ptr<const InPlace::Findings> InPlace::of_folder(const std::string& folder, const InspectOptions& options) {
  const std::lock_guard lock(m_mutex);
  auto& kept = m_folders[folder];
  if (kept) {
    return kept;
  }
  Findings findings;
  try {
    const auto joined = inspect_adapter_folder(folder.empty() ? "." : folder, headers_of(options));
    std::unordered_map<std::string, std::string> file_of;
    for (const auto& tensor : joined.tensors) {
      file_of.emplace(tensor.name, tensor.location.entry);
    }
    for (const auto& finding : joined.findings) {
      const auto found = file_of.find(finding.tensor);
      if (finding.id.starts_with("lora.")) {
        findings.emplace_back(found == file_of.end() ? "" : found->second, finding);
      }
    }
  } catch (const InputError&) {
    // A half that cannot be read is told of as a file of its own.
  }
  kept = std::make_shared<const Findings>(std::move(findings));
  return kept;
}

}  // namespace upinspect::integrity
