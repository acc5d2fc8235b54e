// SPDX-License-Identifier: Apache-2.0
// lora.same-halves: both halves of a module are the same numbers, so that one of them was overwritten with the other.
#include "analysis/adapter_rule.hpp"

namespace upinspect::analysis {

namespace {

/// So few numbers can be alike without having been copied.
constexpr std::uint64_t k_fewest_elements = 64;

bool is_zero(const Tensor& tensor) { return tensor.stats && tensor.stats->zeros == tensor.elements; }

bool same_values(const Tensor& a, const Tensor& b) {
  return a.elements != 0 && a.digests.xxh3_128 && a.digests.xxh3_128 == b.digests.xxh3_128 && a.bytes == b.bytes && !is_zero(a);
}

}  // namespace

void same_halves(AdapterCase& judged) {
  std::vector<std::string> modules;
  std::string first;
  for (const auto& module : judged.adapter().modules) {
    const auto* up = judged.tensor(module.find_part("up"));
    const auto* down = judged.tensor(module.find_part("down"));
    if (up != nullptr && down != nullptr && up != down && up->elements >= k_fewest_elements && same_values(*up, *down)) {
      first = modules.empty() ? up->name : first;
      modules.push_back(module.name.empty() ? "(no name)" : module.name);
    }
  }
  if (!modules.empty()) {
    judged.find("lora.same-halves", Severity::error,
                "up and down hold the same numbers: one was copied over the other (" + named(modules, "module") + ")", first);
  }
}

}  // namespace upinspect::analysis
