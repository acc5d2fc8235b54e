// SPDX-License-Identifier: Apache-2.0
// lora.non-finite: NaN or infinities in a module's parts, which spoil every output it takes part in.
#include "analysis/adapter_rule.hpp"

namespace upinspect::analysis {

namespace {

std::uint64_t odd_values(const Tensor& tensor) {
  const auto stats = tensor.stats ? *tensor.stats : Stats();
  return stats.nans + stats.infs;
}

}  // namespace

void non_finite_part(AdapterCase& judged) {
  std::vector<std::string> names;
  std::string tensor;
  for (const auto& module : judged.adapter().modules) {
    for (const auto& part : module.parts) {
      const auto* held = judged.tensor(&part);
      if (held != nullptr && odd_values(*held) != 0) {
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
