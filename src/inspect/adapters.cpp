// SPDX-License-Identifier: Apache-2.0
#include "inspect/adapters.hpp"

#include "analysis/adapter_rule.hpp"
#include "inspect/adapter_digest.hpp"
#include "inspect/conduct.hpp"
#include "inspect/strengths.hpp"
#include "inspect/triad_files.hpp"
#include "inspect/workers.hpp"
#include "lora/adapter_reading.hpp"
#include "numeric/accumulator.hpp"

#include <filesystem>

namespace upinspect::inspecting {

namespace {

/// The widest element is 16 bytes.
constexpr std::uint64_t k_scalar_bytes = 16;

}  // namespace

std::optional<double> scalar_value(const Artifact& artifact, const Origins& origins, const Tensor& tensor, const InspectOptions& options) {
  const auto measured = lora::measured_scalar(tensor);
  const bool allowed = options.depth == Depth::full || options.alphas;
  const auto index = static_cast<std::size_t>(&tensor - artifact.tensors.data());
  if (measured || !allowed || tensor.elements != 1 || index >= origins.tensors.size()) {
    return measured;
  }
  try {
    numeric::Accumulator accumulator;
    accumulator.reset(tensor.dtype);
    accumulator.add(load_tensor(origins.tensors[index], tensor, options, k_scalar_bytes));
    Tensor copy;
    copy.elements = 1;
    copy.stats = accumulator.finish().stats;
    return lora::measured_scalar(copy);
  } catch (const InputError&) {
    return std::nullopt;
  }
}

void read_adapter(Artifact& artifact, const Origins& origins, const InspectOptions& options, const Value* config) {
  artifact.adapter = lora::read_adapter(artifact.tensors, artifact.metadata, config, artifact.findings,
                                        [&](const Tensor& tensor) { return scalar_value(artifact, origins, tensor, options); },
                                        [&options](std::size_t pieces, const std::function<void(std::size_t)>& work) {
                                          run_pieces(pieces, workers_for(options.jobs, pieces), [&work](unsigned, std::size_t piece) { work(piece); });
                                        });
  auto drawn = options.depth == Depth::full ? measure_strengths(artifact, origins, options) : std::set<std::string>();
  analysis::judge_adapter(artifact, config, std::move(drawn));
  if (artifact.adapter && options.depth == Depth::full && options.tensor_sha256) {
    artifact.adapter->digest = adapter_digest(artifact, origins, options).value_or("");
  }
}

std::optional<Value> config_beside(model::Builder& builder) {
  namespace fs = std::filesystem;
  const auto config = fs::path(builder.artifact.path).parent_path() / "adapter_config.json";
  std::error_code error;
  if (!fs::exists(fs::symlink_status(config, error)) || refuse_link(builder, config) || !fs::is_regular_file(config, error)) {
    return std::nullopt;
  }
  InspectOptions options;
  options.depth = Depth::headers;
  options.sha256 = false;
  options.jobs = 1;
  options.limits = builder.options().limits;
  try {
    auto artifact = inspect_path(config.string(), options, Neighbours::whole_elsewhere).artifact;
    return artifact.format.id == "adapter-config" ? std::optional(std::move(artifact.metadata)) : std::nullopt;
  } catch (const InputError&) {
    return std::nullopt;
  }
}

}  // namespace upinspect::inspecting
