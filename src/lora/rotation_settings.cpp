// SPDX-License-Identifier: Apache-2.0
// PEFT tuners/oft/config.py: a configuration with use_cayley_neumann whose peft_version is below 0.18.0, or missing, was
// trained with another series. OneTrainer modules/module/LoRAModule.py: use_cayley_neumann=True, 5 terms.
#include "lora/rotation_settings.hpp"

#include "lora/values.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace upinspect::lora {

namespace {

/// The number at the start of `text`, which is then without it and what follows it.
unsigned version_number(std::string_view& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(end - text.data()) + 1));
  return error == std::errc() ? number : 0;
}

/// "0.18.0" and later; "0.18.0.dev0" is earlier.
bool has_new_series(std::string_view version) {
  auto rest = version;
  const auto major = version_number(rest);
  const auto minor = version_number(rest);
  const auto patch = version_number(rest);
  const bool before_release = minor == 18 && patch == 0 && version.find("dev") != std::string_view::npos;
  return major > 0 || (minor >= 18 && !before_release);
}

Cayley cayley_of(const Value& config) {
  const auto* series = config.find("use_cayley_neumann");
  if (series == nullptr) {
    return Cayley::unknown;
  }
  if (!is_true(series)) {
    return Cayley::exact;
  }
  return has_new_series(as_text(config.find("peft_version"))) ? Cayley::series : Cayley::doubled_series;
}

}  // namespace

RotationSettings rotation_settings(const AdapterModule& module, const Value& config) {
  RotationSettings settings;
  if (config.if_object() == nullptr) {
    settings.onetrainer = module.name.starts_with("lora_");
    settings.cayley = settings.onetrainer ? Cayley::series : Cayley::unknown;
    return settings;
  }
  constexpr std::uint64_t k_most_terms = 64;
  constexpr double k_usual_radius = 6e-5;
  settings.cayley = cayley_of(config);
  settings.terms = static_cast<std::size_t>(std::min(as_count(config.find("num_cayley_neumann_terms")).value_or(settings.terms), k_most_terms));
  if (const auto* shared = config.find("block_share")) {
    settings.shared = is_true(shared);
  }
  if (is_true(config.find("coft"))) {
    settings.radius = as_number(config.find("eps")).value_or(k_usual_radius);
  }
  return settings;
}

}  // namespace upinspect::lora
