// SPDX-License-Identifier: Apache-2.0
#include "report/adapter_heading.hpp"

#include "report/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <unordered_set>

namespace upinspect::report {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> k_methods = {{
    {"lora", "LoRA"}, {"dora", "DoRA"}, {"adalora", "AdaLoRA"}, {"loha", "LoHa"}, {"lokr", "LoKr"}, {"glora", "GLoRA"},
    {"ia3", "IA3"}, {"oft", "Diag-OFT"}, {"boft", "BOFT"}, {"full", "full difference"}, {"norm", "norm difference"},
    {"mixed", "adapter of several methods"}}};

[[nodiscard]] std::string figure(double number) { return fmt::format("{:.4g}", number); }

/// The smallest and the largest of a figure over all modules, and how many have none.
struct Spread {
  double least = 0;
  double most = 0;
  std::size_t with = 0;
  std::size_t without = 0;

  void add(std::optional<double> number) {
    if (!number || !std::isfinite(*number)) {
      ++without;
      return;
    }
    least = with == 0 ? *number : std::min(least, *number);
    most = with == 0 ? *number : std::max(most, *number);
    ++with;
  }
  [[nodiscard]] std::string text() const { return least == most ? figure(least) : figure(least) + " to " + figure(most); }
};

[[nodiscard]] bool is_scaled(const AdapterModule& module) { return !module.scale_rule.starts_with("none"); }

[[nodiscard]] std::string rank_text(const Adapter& adapter) {
  Spread spread;
  for (const auto& module : adapter.modules) {
    if (module.rank) {
      spread.add(static_cast<double>(*module.rank));
    }
  }
  return spread.with == 0 ? "" : (spread.least == spread.most ? ", rank " : ", ranks ") + spread.text();
}

/// Where the alphas stand, in the words of the one who looks for them.
[[nodiscard]] std::string sources_text(const Adapter& adapter) {
  std::set<std::string> sources;
  for (const auto& module : adapter.modules) {
    if (!module.alpha_readings.empty() && module.alpha_source != AlphaSource::absent) {
      const auto& reading = module.alpha_readings.front();
      sources.insert(reading.source == AlphaSource::tensor           ? "its tensors"
                     : reading.source == AlphaSource::adapter_config ? "adapter_config.json"
                                                                     : "the header");
    }
  }
  return sources.empty() ? "" : fmt::format(" ({})", fmt::join(sources, ", "));
}

[[nodiscard]] std::string alpha_text(const Adapter& adapter) {
  Spread spread;
  for (const auto& module : adapter.modules) {
    if (is_scaled(module)) {
      spread.add(module.alpha);
    }
  }
  const bool direct = spread.with == 0 && std::any_of(adapter.modules.begin(), adapter.modules.end(), [](const AdapterModule& module) {
    return module.alpha_source != AlphaSource::absent;
  });
  if (spread.with == 0) {
    return direct ? "" : ", no alpha";
  }
  return ", alpha " + spread.text() + sources_text(adapter);
}

[[nodiscard]] std::string scale_text(const Adapter& adapter) {
  Spread spread;
  for (const auto& module : adapter.modules) {
    if (is_scaled(module)) {
      spread.add(module.scale);
    }
  }
  if (spread.with == 0) {
    const bool unread = adapter.modules.front().scale_rule.find("not read") != std::string::npos;
    return spread.without == 0 ? "" : unread ? ", scale not read" : ", scale unknown";
  }
  const bool direct = alpha_text(adapter).empty();
  return ", scale " + spread.text() + (direct ? sources_text(adapter) : "") +
         (spread.without == 0 ? "" : " (unknown in " + counted(spread.without, "module") + ")");
}

/// A module is whole where none of its tensors is listed as unpaired.
[[nodiscard]] std::string completeness(const Adapter& adapter) {
  const std::unordered_set<std::string_view> unpaired(adapter.unpaired.begin(), adapter.unpaired.end());
  const auto broken = std::count_if(adapter.modules.begin(), adapter.modules.end(), [&unpaired](const AdapterModule& module) {
    return std::any_of(module.parts.begin(), module.parts.end(), [&unpaired](const AdapterPart& part) { return unpaired.contains(part.tensor); });
  });
  return broken == 0 ? ", complete" : ", " + thousands(static_cast<std::uint64_t>(broken)) + " of " +
                                          counted(adapter.modules.size(), "module") + " incomplete";
}

}  // namespace

std::string_view spoken_method(std::string_view method) noexcept {
  const auto* found = std::find_if(k_methods.begin(), k_methods.end(), [method](const auto& row) { return row.first == method; });
  return found == k_methods.end() ? method : found->second;
}

std::string adapter_heading(const Adapter& adapter, const TextStyle& style) {
  auto text = style.safe(adapter.family_title) + " " + std::string(spoken_method(adapter.method));
  text += adapter.guessed ? " (a guess: paired by shape)" : "";
  text += adapter.base_model.empty() ? "" : " for " + style.safe(adapter.base_model);
  return text + rank_text(adapter) + alpha_text(adapter) + scale_text(adapter) + completeness(adapter);
}

}  // namespace upinspect::report
