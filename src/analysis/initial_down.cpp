// SPDX-License-Identifier: Apache-2.0
#include "analysis/initial_down.hpp"

#include "analysis/adapter_rule.hpp"

namespace upinspect::analysis {

void judge_initial_down(Artifact& artifact, const std::set<std::string>& drawn) {
  if (!artifact.adapter || drawn.empty()) {
    return;
  }
  AdapterCase judged(artifact, nullptr);
  std::vector<std::string> names;
  std::string first;
  for (const auto& module : artifact.adapter->modules) {
    const auto down = module.part("down");
    const auto* up = judged.tensor(module.part("up"));
    const bool zero = up != nullptr && up->stats && up->stats->zeros == up->elements;
    if (drawn.contains(down) && !zero) {
      names.push_back(module.name);
      first = first.empty() ? down : first;
    }
  }
  if (!names.empty()) {
    judged.find("lora.initial-down", Severity::note,
                "the down half holds what initialisation drew, bit for bit: frozen, as LoRA-FA does it, or never reached (" + named(names, "module") + ")",
                first);
  }
}

}  // namespace upinspect::analysis
