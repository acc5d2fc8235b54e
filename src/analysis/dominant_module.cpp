// SPDX-License-Identifier: Apache-2.0
// lora.dominant-module: a module far stronger than the rest, as a scale gone wrong or a training that diverged leaves it.
#include "analysis/adapter_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace upinspect::analysis {

namespace {

constexpr std::size_t k_fewest_modules = 8;          ///< modules that make a rest
constexpr double k_times_median = 10;
constexpr double k_deviations = 6;           ///< of the logarithms of the norms, robust ones
constexpr double k_robust = 1.4826;          ///< median distance to standard deviation, for normal numbers
constexpr double k_least_deviation = 0.05;   ///< modules that are all alike deviate by nothing

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

/// By the Frobenius norm, since that is what modules of one adapter share; zeros are untrained, and no rest.
void dominant_module(AdapterCase& judged) {
  std::vector<const AdapterModule*> modules;
  std::vector<double> logarithms;
  for (const auto& module : judged.adapter().modules) {
    if (module.strength && module.strength->frobenius > 0 && std::isfinite(module.strength->frobenius)) {
      modules.push_back(&module);
      logarithms.push_back(std::log(module.strength->frobenius));
    }
  }
  if (modules.size() < k_fewest_modules) {
    return;
  }
  const double middle = median(logarithms);
  auto distances = logarithms;
  std::transform(distances.begin(), distances.end(), distances.begin(), [middle](double value) { return std::fabs(value - middle); });
  const double deviation = std::max(k_robust * median(distances), k_least_deviation);
  std::vector<std::string> names;
  const AdapterModule* strongest = nullptr;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const double above = logarithms[i] - middle;
    if (above > std::log(k_times_median) && above > k_deviations * deviation) {
      names.push_back(modules[i]->name);
      strongest = strongest == nullptr || modules[i]->strength->frobenius > strongest->strength->frobenius ? modules[i] : strongest;
    }
  }
  if (strongest == nullptr) {
    return;
  }
  judged.find("lora.dominant-module", Severity::note,
              fmt::format("far stronger than the rest, up to {:.0f} times the median update (", strongest->strength->frobenius / std::exp(middle)) +
                  named(names, "module") + ")", strongest->parts.empty() ? std::string() : strongest->parts.front().tensor);
}

}  // namespace upinspect::analysis
