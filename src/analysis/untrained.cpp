// SPDX-License-Identifier: Apache-2.0
// lora.untrained: halves as training starts with them, so that the update is zero.
#include "analysis/adapter_rule.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace upinspect::analysis {

namespace {

/// The factors that initialisation sets to zero: a zero in any of them makes the update zero.
constexpr std::array<std::string_view, 7> k_zero_first{"up", "hada_w2_a", "lokr_w2", "lokr_w2_b", "b1", "b2", "diff"};

bool all_zero(const Tensor* tensor) {
  return tensor != nullptr && tensor->stats && tensor->elements != 0 && tensor->stats->zeros == tensor->elements;
}

}  // namespace

void untrained(AdapterCase& judged) {
  std::vector<std::string> names;
  std::string tensor;
  for (const auto& module : judged.adapter().modules) {
    if (std::none_of(module.parts.begin(), module.parts.end(), [&judged](const AdapterPart& part) { return all_zero(judged.tensor(&part)); })) {
      continue;
    }
    for (const auto role : k_zero_first) {
      const auto* part = module.find_part(role);
      if (part != nullptr && all_zero(judged.tensor(part))) {
        names.push_back(module.name);
        tensor = tensor.empty() ? part->tensor : tensor;
        break;
      }
    }
  }
  if (names.empty()) {
    return;
  }
  const bool all = names.size() == judged.adapter().modules.size();
  judged.find("lora.untrained", Severity::warning,
              std::string(all ? "no module does anything: " : "some modules do nothing: ") +
                  "a half is all zero, as before training (" + named(names, "module") + ")", tensor);
}

}  // namespace upinspect::analysis
