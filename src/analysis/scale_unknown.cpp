// SPDX-License-Identifier: Apache-2.0
// lora.scale-unknown: how strongly a module acts cannot be told from what is here.
#include "analysis/adapter_rule.hpp"

namespace upinspect::analysis {

void scale_unknown(AdapterCase& judged) {
  std::vector<std::string> modules;
  std::string rule;
  for (const auto& module : judged.adapter().modules) {
    if (!module.scale && module.scale_rule.starts_with("unknown")) {
      modules.push_back(module.name);
      rule = module.scale_rule;
    }
  }
  if (modules.empty()) {
    return;
  }
  const bool all = modules.size() == judged.adapter().modules.size();
  judged.find("lora.scale-unknown", Severity::warning, "the scale " + (all ? std::string() : "of " + named(modules, "module") + " ") + "is " + rule);
}

}  // namespace upinspect::analysis
