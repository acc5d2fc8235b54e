// SPDX-License-Identifier: Apache-2.0
// What an adapter's configuration, or the metadata in its header, say of ranks and alphas.
#pragma once

#include "lora/pattern.hpp"
#include "upinspect/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upinspect::lora {

/// A number that holds for some modules: PEFT's rank_pattern and alpha_pattern.
struct PatternNumber {
  std::string key;
  Pattern pattern;
  double number = 0;
};

/// How much work patterns may make: a hostile configuration matches no more than this many steps times characters.
constexpr std::uint64_t k_pattern_work = 1'000'000'000;

/// PEFT's settings, from adapter_config.json or from the header's lora_adapter_metadata.
struct PeftSettings {
  std::optional<double> alpha;
  std::optional<std::uint64_t> rank;
  bool rank_stabilised = false;
  std::vector<PatternNumber> alpha_pattern;
  std::vector<PatternNumber> rank_pattern;

  /// For the module at `path` in the base model: the pattern's number where one matches, else the general one.
  [[nodiscard]] std::optional<double> alpha_of(std::string_view path, std::string& where) const;
  [[nodiscard]] std::optional<std::uint64_t> rank_of(std::string_view path) const;

  mutable std::uint64_t work_left = k_pattern_work;
};

/// Out of the members of `object` whose names start with `prefix` ("", "transformer.").
[[nodiscard]] PeftSettings peft_settings(const Value& object, const std::string& prefix);

/// Whether PEFT takes `path` to match `key`, a regular expression: the whole of it, or what follows a dot.
/// `pattern` is the key compiled. Takes what it costs from `work_left`.
[[nodiscard]] Match matches_suffix(const std::string& key, const Pattern& pattern, std::string_view path, std::uint64_t& work_left);

/// The key compiled for that; empty where plain text is compared, which most keys are.
[[nodiscard]] Pattern suffix_pattern(const std::string& key);

}  // namespace upinspect::lora
