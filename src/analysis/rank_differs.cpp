// SPDX-License-Identifier: Apache-2.0
// lora.rank-differs: the configuration states another rank than the tensors have; PEFT then refuses to load.
#include "analysis/adapter_rule.hpp"

#include "lora/canonical.hpp"
#include "lora/settings.hpp"

#include <map>

namespace upinspect::analysis {

void rank_differs(AdapterCase& judged) {
  if (judged.config() == nullptr || judged.config()->find("r") == nullptr) {
    return;
  }
  // AdaLoRA starts with init_r and ends with as many as it kept; its r is not read.
  const auto* type = judged.config()->find("peft_type");
  if (type != nullptr && type->if_string() != nullptr && *type->if_string() == "ADALORA") {
    return;
  }
  const auto settings = lora::peft_settings(*judged.config(), "");
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<const AdapterModule*>> modules;
  for (const auto& module : judged.adapter().modules) {
    const auto stated = settings.rank_of(lora::base_path(module.name));
    if (stated && module.rank && *stated != *module.rank) {
      modules[{*stated, *module.rank}].push_back(&module);
    }
  }
  for (const auto& [ranks, of] : modules) {
    std::vector<std::string> names;
    for (const auto* module : of) {
      names.push_back(module->name);
    }
    judged.find("lora.rank-differs", Severity::error,
                "the configuration says rank " + std::to_string(ranks.first) + ", the tensors have rank " +
                    std::to_string(ranks.second) + " (" + named(names, "module") + ")",
                of.front()->parts.empty() ? std::string() : of.front()->parts.front().tensor);
  }
}

}  // namespace upinspect::analysis
