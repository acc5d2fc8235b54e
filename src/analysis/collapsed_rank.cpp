// SPDX-License-Identifier: Apache-2.0
// lora.collapsed-rank: a rank that is stored and not used.
#include "analysis/adapter_rule.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace upinspect::analysis {

namespace {

/// An effective rank of 1.05 leaves all other directions together less than one hundredth of the squared norm. Sound
/// adapters have single modules that are so, never most of them.
constexpr double k_one_direction = 1.05;
/// By the largest singular value. Training leaves a thousandth; rounding, and padding with zeros, leave less than this.
constexpr double k_nothing = 1e-6;
/// Below it, one direction is a good part of what there is.
constexpr std::uint64_t k_least_rank = 4;

/// The directions that the module's shapes allow; zero where it is not judged.
std::uint64_t directions_of(const AdapterModule& module) {
  const bool judged = module.strength && module.rank && (module.method == "lora" || module.method == "dora") &&
                      module.strength->effective_rank > 0;
  const auto directions = judged ? module.strength->singular_values.size() : 0;
  return directions >= k_least_rank ? directions : 0;
}

std::uint64_t used_directions(const UpdateStrength& strength) {
  const auto least = k_nothing * strength.singular_values.front();
  return static_cast<std::uint64_t>(std::count_if(strength.singular_values.begin(), strength.singular_values.end(),
                                                  [least](double value) { return value > least; }));
}

/// Modules of which the same is to be said.
struct CollapsedGroup {
  std::vector<std::string> names;
  const AdapterModule* first = nullptr;

  void add(const AdapterModule& module) {
    names.push_back(module.name);
    first = first == nullptr ? &module : first;
  }
};

}  // namespace

void collapsed_rank(AdapterCase& judged) {
  CollapsedGroup unused;
  CollapsedGroup narrow;
  std::size_t measured = 0;
  for (const auto& module : judged.adapter().modules) {
    const auto directions = directions_of(module);
    if (directions == 0) {
      continue;
    }
    ++measured;
    if (used_directions(*module.strength) * 2 < directions) {
      unused.add(module);
    } else if (module.strength->effective_rank < k_one_direction) {
      narrow.add(module);
    }
  }
  if (unused.first != nullptr) {
    judged.find("lora.collapsed-rank", Severity::note,
                fmt::format("less than half of the rank is used, {} of {} directions: the rest is zero (", used_directions(*unused.first->strength),
                            directions_of(*unused.first)) + named(unused.names, "module") + ")", unused.first->part("up"));
  }
  if (narrow.names.size() * 2 > measured) {
    judged.find("lora.collapsed-rank", Severity::note,
                fmt::format("one direction does nearly everything: an effective rank of {:.2f} of {} (", narrow.first->strength->effective_rank,
                            directions_of(*narrow.first)) + named(narrow.names, "module") + ")", narrow.first->part("up"));
  }
}

}  // namespace upinspect::analysis
