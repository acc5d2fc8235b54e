// SPDX-License-Identifier: Apache-2.0
#include "inspect/strengths.hpp"

#include "inspect/part_values.hpp"
#include "inspect/workers.hpp"
#include "lora/strength.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace upinspect::inspecting {

namespace {

/// Modules with more elements than that are measured one at a time, whatever the number of threads.
constexpr std::uint64_t k_large_module = std::uint64_t{1} << 22;

class Strengths {
 public:
  Strengths(Artifact& artifact, const Origins& origins, const InspectOptions& options)
      : m_artifact(artifact), m_origins(origins), m_options(options) {
    for (std::size_t i = 0; i < artifact.tensors.size(); ++i) {
      m_index.emplace(artifact.tensors[i].name, i);
    }
  }

  std::set<std::string> measure() {
    auto& modules = m_artifact.adapter->modules;
    run_pieces(modules.size(), workers_for(m_options.jobs, modules.size()), [&](unsigned, std::size_t i) {
      if (m_options.stop != nullptr && m_options.stop->load(std::memory_order_relaxed)) {
        throw Stopped();
      }
      if (is_measured(modules[i])) {
        measure(modules[i]);
      }
    });
    return std::move(m_drawn);
  }

 private:
  [[nodiscard]] const Tensor* tensor(const std::string& name) const {
    const auto found = m_index.find(name);
    return found == m_index.end() || found->second >= m_origins.tensors.size() ? nullptr : &m_artifact.tensors[found->second];
  }

  [[nodiscard]] bool is_measured(const AdapterModule& module) const {
    return std::all_of(module.parts.begin(), module.parts.end(), [this](const AdapterPart& part) {
      const auto* found = tensor(part.tensor);
      return found != nullptr && found->stats && found->elements != 0;
    });
  }

  void measure(AdapterModule& module) {
    std::uint64_t elements = 0;
    for (const auto& part : module.parts) {
      elements += std::min(tensor(part.tensor)->elements, k_most_part_elements);
    }
    std::unique_lock<std::mutex> alone(m_large, std::defer_lock);
    if (elements > k_large_module) {
      alone.lock();
    }
    lora::PartSource source;
    source.values = [&](const std::string& role) { return values(*tensor(module.part(role)), role); };
    source.length = [&](const std::string& role) { return length(*tensor(module.part(role))); };
    auto strength = lora::strength_of(module, source);
    module.strength = std::move(strength.figures);
    if (strength.down_as_drawn) {
      const std::lock_guard lock(m_adding);
      m_drawn.insert(module.part("down"));
    }
  }

  [[nodiscard]] lora::PartValues<double> values(const Tensor& tensor, const std::string& role) const {
    return part_values(tensor, role, [&](const auto& sink) {
      stream_tensor(m_origins.tensors[static_cast<std::size_t>(&tensor - m_artifact.tensors.data())], tensor, m_options, sink);
    });
  }

  [[nodiscard]] static std::optional<double> length(const Tensor& tensor) {
    return tensor.stats->nans + tensor.stats->infs == 0 ? tensor.stats->l2 : std::nullopt;
  }

  Artifact& m_artifact;
  const Origins& m_origins;
  const InspectOptions& m_options;
  std::unordered_map<std::string_view, std::size_t> m_index;
  std::mutex m_large;
  std::mutex m_adding;
  std::set<std::string> m_drawn;
};

}  // namespace

std::set<std::string> measure_strengths(Artifact& artifact, const Origins& origins, const InspectOptions& options) {
  return artifact.adapter ? Strengths(artifact, origins, options).measure() : std::set<std::string>();
}

}  // namespace upinspect::inspecting
