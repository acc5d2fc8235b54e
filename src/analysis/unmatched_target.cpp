// SPDX-License-Identifier: Apache-2.0
// lora.unmatched-target: the configuration names target modules of which the file holds none.
#include "analysis/adapter_rule.hpp"

#include "lora/canonical.hpp"

#include <algorithm>

namespace upinspect::analysis {

namespace {

bool is_target(std::string_view path, const std::string& target) {
  return path == target || (path.size() > target.size() && path.ends_with(target) && path[path.size() - target.size() - 1] == '.');
}

}  // namespace

void unmatched_target(AdapterCase& judged) {
  const auto* targets = judged.config() == nullptr ? nullptr : judged.config()->find("target_modules");
  const auto* list = targets == nullptr ? nullptr : targets->if_array();
  const auto& all = judged.adapter().modules;
  const bool nameless = std::any_of(all.begin(), all.end(), [](const AdapterModule& module) { return module.name.empty(); });
  if (list == nullptr || list->size() > 4096 || nameless) {
    return;
  }
  std::vector<std::string> unmatched;
  for (const auto& entry : *list) {
    const auto* target = entry.if_string();
    const auto& modules = judged.adapter().modules;
    if (target != nullptr && std::none_of(modules.begin(), modules.end(), [target](const AdapterModule& module) {
          return is_target(lora::base_path(module.name), *target);
        })) {
      unmatched.push_back(*target);
    }
  }
  if (!unmatched.empty()) {
    // Lists of targets are often written for several base models at a time.
    judged.find("lora.unmatched-target", unmatched.size() == list->size() ? Severity::warning : Severity::note,
                "the configuration's target_modules that no tensor belongs to: " + named(unmatched, "name"));
  }
}

}  // namespace upinspect::analysis
