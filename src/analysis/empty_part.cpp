// SPDX-License-Identifier: Apache-2.0
// lora.empty-part: a half without elements, as DeepSpeed ZeRO-3 leaves behind when nobody gathers it.
#include "analysis/adapter_rule.hpp"

namespace upinspect::analysis {

void empty_part(AdapterCase& judged) {
  std::vector<std::string> names;
  for (const auto& module : judged.adapter().modules) {
    for (const auto& part : module.parts) {
      const auto* tensor = judged.tensor(&part);
      if (tensor != nullptr && tensor->elements == 0) {
        names.push_back(part.tensor);
      }
    }
  }
  if (!names.empty()) {
    judged.find("lora.empty-part", Severity::error,
                "without elements, so that the trained values are not here: " + named(names, "tensor"), names.front());
  }
}

}  // namespace upinspect::analysis
