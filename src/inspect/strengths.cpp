// SPDX-License-Identifier: Apache-2.0
#include "inspect/strengths.hpp"

#include "inspect/part_values.hpp"
#include "inspect/workers.hpp"
#include "lora/strength.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>

namespace upinspect::inspecting {

namespace {

/// Modules with more elements than that are measured one at a time, whatever the number of threads.
constexpr std::uint64_t k_large_module = std::uint64_t{1} << 22;

/// What a thread keeps for the next module's halves.
constexpr std::size_t k_most_kept_bytes = std::size_t{1} << 24;

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
    const auto workers = workers_for(m_options.jobs, modules.size());
    std::vector<Halves> halves(workers);
    run_pieces(modules.size(), workers, [&](unsigned worker, std::size_t i) {
      if (m_options.stop != nullptr && m_options.stop->load(std::memory_order_relaxed)) {
        throw Stopped();
      }
      modules[i].why_unmeasured = why_not_read(modules[i]);
      if (modules[i].why_unmeasured.empty()) {
        measure(modules[i], halves[worker]);
      }
    });
    return std::move(m_drawn);
  }

 private:
  /// The bytes of both halves of a module, in memory that the next one uses again.
  using Halves = std::map<std::string, std::vector<std::byte>, std::less<>>;

  [[nodiscard]] const Tensor* tensor(const std::string& name) const {
    const auto found = m_index.find(name);
    return found == m_index.end() || found->second >= m_origins.tensors.size() ? nullptr : &m_artifact.tensors[found->second];
  }

  /// Empty where the numbers of all parts are there.
  [[nodiscard]] std::string why_not_read(const AdapterModule& module) const {
    for (const auto& part : module.parts) {
      const auto* found = tensor(part.tensor);
      if (found == nullptr || !found->stats) {
        return "the values of its part \"" + part.role + "\" could not be read";
      }
      if (found->elements == 0) {
        return "its part \"" + part.role + "\" is empty";
      }
    }
    return {};
  }

  void measure(AdapterModule& module, Halves& halves) {
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
    source.view = [&](const std::string& role) {
      const auto& part = *tensor(module.part(role));
      return part_view(part, role, [&](std::vector<std::byte>& out) { load_tensor(origin_of(part), part, m_options, out); }, halves[role]);
    };
    auto strength = lora::strength_of(module, source);
    module.strength = std::move(strength.figures);
    module.why_unmeasured = std::move(strength.why_none);
    for (auto& [role, bytes] : halves) {
      if (bytes.capacity() > k_most_kept_bytes) {
        std::vector<std::byte>().swap(bytes);
      }
    }
    if (strength.down_as_drawn) {
      const std::lock_guard lock(m_adding);
      m_drawn.insert(module.part("down"));
    }
  }

  [[nodiscard]] lora::PartValues<double> values(const Tensor& tensor, const std::string& role) const {
    return part_values(tensor, role, stream_of(tensor));
  }

  [[nodiscard]] ElementStream stream_of(const Tensor& tensor) const {
    return [this, &tensor](const auto& sink) {
      stream_tensor(origin_of(tensor), tensor, m_options, sink);
    };
  }

  [[nodiscard]] const Origin& origin_of(const Tensor& tensor) const {
    return m_origins.tensors[static_cast<std::size_t>(&tensor - m_artifact.tensors.data())];
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
