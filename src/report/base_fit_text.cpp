// SPDX-License-Identifier: Apache-2.0
#include "report/base_fit_text.hpp"

#include "report/facts.hpp"
#include "report/units.hpp"
#include "report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace upinspect::report {
namespace {

constexpr std::size_t k_fit_labels = 11;
constexpr std::size_t k_shown = 4;

struct FitWords {
  FitVerdict verdict;
  std::string_view label;
  std::string_view what;
};
constexpr std::array k_rows{FitWords{FitVerdict::missing, "no weight", "left out by most loaders without a word"},
                            FitWords{FitVerdict::wrong_shape, "wrong shape", "refused by loaders"},
                            FitWords{FitVerdict::ambiguous, "ambiguous", "several weights have the name"},
                            FitWords{FitVerdict::unknown, "not known", "the weight is there, its shape cannot be compared"}};

[[nodiscard]] std::uint64_t count(const BaseFit& fit, FitVerdict verdict) {
  return static_cast<std::uint64_t>(
      std::count_if(fit.modules.begin(), fit.modules.end(), [verdict](const ModuleFit& module) { return module.verdict == verdict; }));
}

[[nodiscard]] std::string line(const ModuleFit& module, const TextStyle& style) {
  auto text = style.safe(module.module);
  text += module.weight.empty() ? "" : " -> " + style.safe(module.weight) + " (" + shape_text(module.weight_shape) + ")";
  return text + (module.why.empty() ? "" : ": " + style.safe(module.why));
}

void add_modules(Facts& facts, const BaseFit& fit, const FitWords& row) {
  const auto all = count(fit, row.verdict);
  if (all == 0) {
    return;
  }
  facts.add(row.label, counted(all, "module") + ", " + std::string(row.what), row.verdict == FitVerdict::wrong_shape ? Tone::error : Tone::warning);
  std::uint64_t shown = 0;
  for (const auto& module : fit.modules) {
    if (module.verdict == row.verdict && (facts.style().verbose() || shown < k_shown)) {
      facts.add("", line(module, facts.style()));
      ++shown;
    }
  }
  if (shown < all) {
    facts.add("", fmt::format("{} {} more (use --verbose or --format json)", facts.style().ellipsis(), thousands(all - shown)), Tone::dim);
  }
}

}  // namespace

std::string base_fit_text(const Artifact& artifact, const TextStyle& style) {
  if (!artifact.base_fit) {
    return {};
  }
  const auto& fit = *artifact.base_fit;
  Facts facts(style, k_fit_labels);
  facts.add("base", style.safe(fit.path) + " (" + style.safe(fit.title) + ", " + counted(fit.base_tensors, "tensor") + ")");
  const auto fitting = count(fit, FitVerdict::fits);
  facts.add("fits", thousands(fitting) + " of " + counted(fit.modules.size(), "module"), fitting == fit.modules.size() ? Tone::plain : Tone::warning);
  if (!fit.prefix.empty()) {
    facts.add("names", style.safe(fit.prefix));
  }
  for (const auto& row : k_rows) {
    add_modules(facts, fit, row);
  }
  if (!fit.ignored.empty()) {
    facts.add("ignored", counted(fit.ignored.size(), "tensor") + " of no module, such as " + style.safe(fit.ignored.front()), Tone::warning);
  }
  if (style.verbose()) {
    for (const auto& module : fit.modules) {
      if (module.verdict == FitVerdict::fits) {
        facts.add("", line(module, style));
      }
    }
  }
  return facts.text();
}

}  // namespace upinspect::report
