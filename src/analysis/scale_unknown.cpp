// SPDX-License-Identifier: Apache-2.0
// lora.scale-unknown: how strongly a module acts cannot be told from what is here.
#include "analysis/adapter_rule.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

namespace upinspect::analysis {

void scale_unknown(AdapterCase& judged) {
  const auto& modules = judged.adapter().modules;
  const auto is_unknown = [](const AdapterModule& module) { return !module.scale && module.scale_rule.starts_with("unknown"); };
  const auto unknown = static_cast<std::size_t>(std::count_if(modules.begin(), modules.end(), is_unknown));
  if (unknown == 0) {
    return;
  }
  std::vector<std::string> names;  // of some: that it is all of them can be said without
  for (const auto& module : unknown == modules.size() ? std::span<const AdapterModule>() : std::span(modules)) {
    if (is_unknown(module)) {
      names.push_back(module.name);
    }
  }
  const auto last = std::find_if(modules.rbegin(), modules.rend(), is_unknown);
  judged.find("lora.scale-unknown", Severity::warning,
              "the scale " + (names.empty() ? std::string() : "of " + named(names, "module") + " ") + "is " + last->scale_rule);
}

}  // namespace upinspect::analysis
