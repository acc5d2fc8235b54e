// SPDX-License-Identifier: Apache-2.0
// lora.non-finite: NaN or infinities in a module's parts, which spoil every output it takes part in.
#include "analysis/adapter_rule.hpp"

namespace upinspect::analysis {

void non_finite_part(AdapterCase& judged) {
  std::vector<std::string> names;
  std::string tensor;
  for (const auto& module : judged.adapter().modules) {
    for (const auto& part : module.parts) {
      const auto* held = judged.tensor(part.tensor);
      if (held != nullptr && held->stats && held->stats->nans + held->stats->infs != 0) {
        names.push_back(module.name);
        tensor = tensor.empty() ? part.tensor : tensor;
        break;
      }
    }
  }
  if (!names.empty()) {
    judged.find("lora.non-finite", Severity::error,
                "NaN or infinities make the update unusable: " + named(names, "module"), tensor);
  }
}

}  // namespace upinspect::analysis
