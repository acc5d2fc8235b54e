// SPDX-License-Identifier: Apache-2.0
// adapter_config.json: what PEFT needs to know of an adapter beside its tensors.
#pragma once

#include "convert/factors.hpp"
#include "convert/refusal.hpp"
#include "upinspect/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upinspect::convert {

struct ConfigModule {
  std::string path;  ///< in the base model
  std::uint64_t rank = 0;
  double scale = 1;
};

struct ConfigFacts {
  std::vector<ConfigModule> modules;
  std::vector<std::string> saved_modules;  ///< whose whole weights lie beside the LoRA's tensors
  std::string base_model;
  bool dora = false;
  bool fan_in_fan_out = false;
};

/// The alpha for which alpha / rank is `scale`, or as near to it as double precision allows (2e-16 of itself); nothing
/// where that is not near, at the ends of the range of double.
[[nodiscard]] std::optional<double> alpha_for(double scale, std::uint64_t rank);

/// Makes each module's scale one that an alpha gives. How many were none, which a note should say.
[[nodiscard]] std::size_t settle_scales(std::vector<ConfigModule>& modules);

/// What that note says; empty where there is nothing to say.
[[nodiscard]] std::string unsettled_note(std::size_t modules);

/// A whole configuration. `old` is what the adapter had, if that was PEFT's: what it says of other things (task_type,
/// revision, …) is kept. Rank and alpha of most modules become r and lora_alpha, others go to the patterns. A reason
/// where PEFT would read another rank or scale for a module out of it.
[[nodiscard]] Value peft_config(const ConfigFacts& facts, const Value& old, Reasons& reasons);

/// True where `old` is PEFT's and says of every module just the rank and scale that it has.
[[nodiscard]] bool config_holds(const Value& old, const ConfigFacts& facts);

}  // namespace upinspect::convert
