// SPDX-License-Identifier: Apache-2.0
// Folders as adapters, and files as parts of one.
#include "inspect/triad.hpp"
#include "upinspect/folder.hpp"

#include <algorithm>

namespace upinspect::inspecting {

namespace {

namespace fs = std::filesystem;

}  // namespace

Inspected inspect_file_or_folder(const std::string& path, const InspectOptions& options) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return inspect_path(path, options, Neighbours::followed);
  }
  if (const auto whole = whole_weights(path); !whole.empty()) {
    return inspect_path(whole, options, Neighbours::followed);
  }
  const auto files = triad_files(path);
  if (files.halves.empty()) {
    throw InputError("is a folder, and no adapter's: name its files");
  }
  return inspect_triad(path, files, options);
}

void note_other_half(Artifact& artifact) {
  const fs::path path(artifact.path);
  const auto name = lora::read_half_name(path.filename().string());
  const bool numbers = !artifact.tensors.empty() || (artifact.format.id == "unknown" && artifact.size != 0);
  if (!name || name->role == "alpha" || !numbers) {
    return;
  }
  const bool whole = artifact.adapter && artifact.adapter->unpaired.empty();
  const auto files = triad_files(path.parent_path());
  const auto other = lora::opposite(name->role);
  const auto* partner = files.half(name->module, other);
  if (whole || (partner == nullptr && name->sureness == lora::Sureness::plausible)) {
    return;
  }
  // What the file alone lacks, it lacks only alone; or it is said once.
  auto& findings = artifact.findings;
  findings.erase(std::remove_if(findings.begin(), findings.end(),
                                [&](const Finding& finding) { return finding.id == missing_id(other); }),
                 findings.end());
  Finding finding;
  finding.id = partner != nullptr ? "lora.one-half" : missing_id(other);
  finding.severity = partner != nullptr ? Severity::note : Severity::error;
  const TriadFile present{path.filename().string(), path, *name, Leads::inside};
  finding.message = partner != nullptr
                        ? "this is the " + name->role + " half of an adapter; the " + std::string(other) + " half is " + partner->file +
                              " beside it: name the folder to see both as one"
                        : "the adapter is dead: this is its " + name->role + " half, and its " + std::string(other) +
                              " half is missing; sought in the same folder: " + wanted_names(present);
  findings.push_back(std::move(finding));
}

}  // namespace upinspect::inspecting

namespace upinspect {

std::vector<std::string> adapter_files(const std::string& folder) {
  const auto files = inspecting::triad_files(folder);
  std::vector<std::string> names;
  for (const auto* list : {&files.halves, &files.alphas}) {
    for (const auto& file : *list) {
      names.push_back(file.file);
    }
  }
  if (files.halves.empty()) {
    return {};
  }
  if (files.config && !files.whole) {
    names.emplace_back(inspecting::k_config_file);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Artifact inspect_adapter_folder(const std::string& folder, const InspectOptions& options) {
  const auto files = inspecting::triad_files(folder);
  if (files.halves.empty()) {
    throw InputError("is a folder, and no adapter's: name its files");
  }
  return inspecting::inspect_triad(folder, files, options).artifact;
}

}  // namespace upinspect
