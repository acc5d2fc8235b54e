// SPDX-License-Identifier: Apache-2.0
#include "inspect/adapters.hpp"

#include "analysis/adapter_rule.hpp"
#include "inspect/conduct.hpp"
#include "lora/adapter_reading.hpp"

#include <filesystem>

namespace upinspect::inspecting {

void read_adapter(Artifact& artifact, const Value* config) {
  artifact.adapter =
      lora::read_adapter(artifact.tensors, artifact.metadata, config, artifact.findings, lora::measured_scalar);
  analysis::judge_adapter(artifact, config);
}

std::optional<Value> config_beside(const std::string& path) {
  namespace fs = std::filesystem;
  const auto config = fs::path(path).parent_path() / "adapter_config.json";
  std::error_code error;
  if (!fs::is_regular_file(config, error)) {
    return std::nullopt;
  }
  InspectOptions options;
  options.depth = Depth::headers;
  options.sha256 = false;
  options.jobs = 1;
  try {
    auto artifact = inspect_path(config.string(), options, Neighbours::whole_elsewhere).artifact;
    return artifact.format.id == "adapter-config" ? std::optional(std::move(artifact.metadata)) : std::nullopt;
  } catch (const InputError&) {
    return std::nullopt;
  }
}

}  // namespace upinspect::inspecting
