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
  const auto settings = lora::peft_settings(*judged.config(), "");
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<std::string>> modules;
  for (const auto& module : judged.adapter().modules) {
    const auto stated = settings.rank_of(lora::base_path(module.name));
    if (stated && module.rank && *stated != *module.rank) {
      modules[{*stated, *module.rank}].push_back(module.name);
    }
  }
  for (const auto& [ranks, names] : modules) {
    judged.find("lora.rank-differs", Severity::error,
                "the configuration says rank " + std::to_string(ranks.first) + ", the tensors have rank " +
                    std::to_string(ranks.second) + " (" + named(names, "module") + ")");
  }
}

}  // namespace upinspect::analysis
