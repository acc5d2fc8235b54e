// SPDX-License-Identifier: Apache-2.0
// lora.alpha-conflict: two places state different alphas for a module, and which of them counts depends on the loader.
#include "analysis/adapter_rule.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

namespace upinspect::analysis {

namespace {

std::string_view source_word(AlphaSource source) {
  switch (source) {
    case AlphaSource::tensor:
      return "tensor";
    case AlphaSource::adapter_config:
      return "adapter_config.json";
    case AlphaSource::metadata:
      return "header";
    case AlphaSource::absent:
      break;
  }
  return "nowhere";
}

/// Alphas are stored in half precision too: 22.627 and 22.625 are one.
bool same(double a, double b) { return std::abs(a - b) <= 0.005 * std::max(std::abs(a), std::abs(b)); }

/// The trainer's word counts where there is no other, because loaders then go on without it.
bool ignored_alpha(const AdapterModule& module) {
  return module.alpha_source == AlphaSource::absent && !module.alpha_readings.empty() && module.scale && module.rank &&
         !same(module.alpha_readings.front().value, static_cast<double>(*module.rank));
}

bool conflict(const AdapterModule& module) {
  for (const auto& reading : module.alpha_readings) {
    if (!same(reading.value, module.alpha_readings.front().value)) {
      return true;
    }
  }
  return false;
}

std::string all_readings(const AdapterModule& module) {
  std::string text;
  for (const auto& reading : module.alpha_readings) {
    const auto where = reading.source == AlphaSource::tensor ? std::string("its tensor")
                                                             : std::string(source_word(reading.source)) + " (" + reading.where + ")";
    text += fmt::format("{}{} in {}", text.empty() ? "" : ", ", reading.value, where);
  }
  return text;
}

/// One finding for all modules that disagree in the same way.
struct Group {
  std::vector<std::string> modules;
  std::string tensor;
};

}  // namespace

void alpha_conflict(AdapterCase& judged) {
  std::map<std::string, Group> groups;
  for (const auto& module : judged.adapter().modules) {
    std::string message;
    if (conflict(module)) {
      message = "alpha is " + all_readings(module) + "; " +
                (module.scale ? fmt::format("most loaders use the first and scale by {:.6g}", *module.scale) : "the scale depends on the loader");
    } else if (ignored_alpha(module)) {
      message = "alpha is " + all_readings(module) + ", which loaders do not read; without an alpha tensor they scale by " +
                fmt::format("{:.6g}", *module.scale);
    } else {
      continue;
    }
    auto& group = groups[message];
    group.modules.push_back(module.name);
    group.tensor = group.tensor.empty() ? module.part("alpha") : group.tensor;
  }
  for (const auto& [message, group] : groups) {
    judged.find("lora.alpha-conflict", Severity::warning, message + " (" + named(group.modules, "module") + ")", group.tensor);
  }
}

}  // namespace upinspect::analysis
