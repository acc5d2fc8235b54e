// SPDX-License-Identifier: Apache-2.0
// lora.initial-down: down halves that hold what initialisation drew, although their up halves were trained. Where an up half
// is zero, lora.untrained says more.
#include "analysis/adapter_rule.hpp"

namespace upinspect::analysis {

void initial_down(AdapterCase& judged) {
  std::vector<std::string> names;
  std::string first;
  for (const auto& module : judged.adapter().modules) {
    const auto& down = module.part("down");
    if (!judged.is_as_drawn(down)) {
      continue;
    }
    const auto* up = judged.tensor(module.find_part("up"));
    const bool zero = up != nullptr && up->stats && up->stats->zeros == up->elements;
    if (!zero) {
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
