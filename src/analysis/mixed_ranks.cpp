// SPDX-License-Identifier: Apache-2.0
// lora.mixed-ranks: modules of several ranks, which loaders with one scale for all get wrong.
#include "analysis/adapter_rule.hpp"

#include <map>

namespace upinspect::analysis {

void mixed_ranks(AdapterCase& judged) {
  std::map<std::uint64_t, std::size_t> counts;
  for (const auto& module : judged.adapter().modules) {
    if (module.rank) {
      ++counts[*module.rank];
    }
  }
  if (counts.size() < 2) {
    return;
  }
  constexpr std::size_t k_listed = 6;
  std::string text;
  std::size_t shown = 0;
  for (const auto& [rank, count] : counts) {
    if (shown++ < k_listed) {
      text += (text.empty() ? "" : ", ") + std::to_string(rank) + " in " + std::to_string(count);
    }
  }
  text += counts.size() > k_listed ? " and " + std::to_string(counts.size() - k_listed) + " more ranks" : "";
  judged.find("lora.mixed-ranks", Severity::note, "modules have different ranks (rank " + text + "): each has a scale of its own");
}

}  // namespace upinspect::analysis
