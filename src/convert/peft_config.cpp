// SPDX-License-Identifier: Apache-2.0
#include "convert/peft_config.hpp"

#include "convert/listing.hpp"
#include "lora/canonical.hpp"
#include "lora/settings.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

namespace upinspect::convert {

namespace {

/// rank and alpha
using Pair = std::pair<std::uint64_t, double>;

void set(Value::Object& object, const std::string& key, Value value) {
  const auto found = std::find_if(object.begin(), object.end(), [&key](const auto& member) { return member.first == key; });
  if (found == object.end()) {
    object.emplace_back(key, std::move(value));
  } else {
    found->second = std::move(value);
  }
}

/// Whole numbers are written as such: PEFT declares lora_alpha an int.
Value number(double value) {
  constexpr double k_exact = 9007199254740992.0;
  return std::trunc(value) == value && std::fabs(value) < k_exact ? Value(static_cast<std::int64_t>(value)) : Value(value);
}

Value::Object defaults() {
  return {{"alpha_pattern", Value::Object{}}, {"auto_mapping", nullptr}, {"base_model_name_or_path", nullptr}, {"bias", "none"},
          {"fan_in_fan_out", false}, {"inference_mode", true}, {"init_lora_weights", true}, {"layers_pattern", nullptr},
          {"layers_to_transform", nullptr}, {"lora_alpha", 1}, {"lora_dropout", 0.0}, {"modules_to_save", nullptr},
          {"peft_type", "LORA"}, {"r", 1}, {"rank_pattern", Value::Object{}}, {"revision", nullptr},
          {"target_modules", Value::Array{}}, {"task_type", nullptr}, {"use_dora", false}, {"use_rslora", false}};
}

/// Settings of an old PEFT's fused layers, and all that is written anew.
constexpr std::array<std::string_view, 2> k_of_fused_layers{"enable_lora", "merge_weights"};

bool is_peft(const Value& config) {
  const auto* type = config.find("peft_type");
  const auto* text = type == nullptr ? nullptr : type->if_string();
  return text != nullptr && *text == "LORA";
}

Value::Object starting_from(const Value& old) {
  auto object = defaults();
  for (const auto& [key, value] : is_peft(old) ? *old.if_object() : Value::Object{}) {
    if (std::find(k_of_fused_layers.begin(), k_of_fused_layers.end(), key) == k_of_fused_layers.end()) {
      set(object, key, value);
    }
  }
  return object;
}

/// What most modules have; of two that are as frequent the smaller.
Pair most_common(const std::vector<Pair>& pairs) {
  std::map<Pair, std::size_t> counts;
  for (const auto& pair : pairs) {
    ++counts[pair];
  }
  return std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->first;
}

void set_ranks(Value::Object& object, const ConfigFacts& facts, const std::vector<Pair>& pairs) {
  const auto common = most_common(pairs);
  std::map<std::string, Pair> others;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i] != common) {
      others.emplace(lora::base_path(facts.modules[i].path), pairs[i]);
    }
  }
  // Both patterns get every module that differs: older PEFT takes the first key of either for both.
  Value::Object ranks;
  Value::Object alphas;
  for (const auto& [path, pair] : others) {
    ranks.emplace_back(path, pair.first);
    alphas.emplace_back(path, number(pair.second));
  }
  set(object, "r", common.first);
  set(object, "lora_alpha", number(common.second));
  set(object, "rank_pattern", std::move(ranks));
  set(object, "alpha_pattern", std::move(alphas));
}

Value sorted_array(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return Value::Array(texts.begin(), texts.end());
}

void set_rest(Value::Object& object, const ConfigFacts& facts) {
  std::vector<std::string> targets;
  for (const auto& module : facts.modules) {
    targets.push_back(module.path);
  }
  set(object, "target_modules", sorted_array(std::move(targets)));
  set(object, "use_rslora", false);
  set(object, "use_dora", facts.dora);
  set(object, "fan_in_fan_out", facts.fan_in_fan_out);
  if (!facts.saved_modules.empty()) {
    set(object, "modules_to_save", sorted_array(facts.saved_modules));
  }
  if (!facts.base_model.empty()) {
    set(object, "base_model_name_or_path", facts.base_model);
  }
}

}  // namespace

std::optional<double> alpha_for(double scale, std::uint64_t rank) {
  constexpr double k_near = 4e-16;
  const auto r = static_cast<double>(rank);
  const auto alpha = scale * r;
  std::optional<double> best;
  for (const auto candidate : {alpha, std::nextafter(alpha, -HUGE_VAL), std::nextafter(alpha, HUGE_VAL)}) {
    const auto distance = std::fabs(candidate / r - scale);
    const bool near = std::isfinite(candidate) && distance <= k_near * std::fabs(scale);
    if (near && (!best || distance < std::fabs(*best / r - scale))) {
      best = candidate;
    }
  }
  return best;
}

std::size_t settle_scales(std::vector<ConfigModule>& modules) {
  std::size_t changed = 0;
  for (auto& module : modules) {
    const auto alpha = alpha_for(module.scale, module.rank);
    const auto settled = alpha ? *alpha / static_cast<double>(module.rank) : module.scale;
    changed += settled != module.scale ? std::size_t{1} : 0;
    module.scale = settled;
  }
  return changed;
}

std::string unsettled_note(std::size_t modules) {
  return modules == 0 ? std::string()
                      : "no alpha in double precision gives just the scale of " + std::to_string(modules) +
                            (modules == 1 ? " module" : " modules") + ": it is off by up to 2e-16 of itself";
}

bool config_holds(const Value& old, const ConfigFacts& facts) {
  if (!is_peft(old)) {
    return false;
  }
  const auto settings = lora::peft_settings(old, "");
  return std::all_of(facts.modules.begin(), facts.modules.end(), [&settings](const ConfigModule& module) {
    std::string where;
    const auto path = lora::base_path(module.path);
    const auto alpha = settings.alpha_of(path, where);
    const auto rank = static_cast<double>(module.rank);
    const auto scale = alpha ? *alpha / (settings.rank_stabilised ? std::sqrt(rank) : rank) : 0;
    return alpha && settings.rank_of(path) == module.rank && scale == module.scale;
  });
}

Value peft_config(const ConfigFacts& facts, const Value& old, Reasons& reasons) {
  std::vector<Pair> pairs;
  std::vector<std::string> inexact;
  for (const auto& module : facts.modules) {
    const auto alpha = alpha_for(module.scale, module.rank);
    pairs.emplace_back(module.rank, alpha.value_or(1));
    if (!alpha) {
      inexact.push_back(module.path);
    }
  }
  if (!inexact.empty()) {
    reasons.add("no lora_alpha gives the scale of " + listing("module", inexact));
  }
  auto object = starting_from(old);
  if (!pairs.empty()) {
    set_ranks(object, facts, pairs);
  }
  set_rest(object, facts);
  Value config(std::move(object));
  if (inexact.empty() && !config_holds(config, facts)) {
    reasons.add("some names of modules end like others whose rank or alpha differs, which PEFT's rank_pattern and "
                "alpha_pattern cannot keep apart");
  }
  return config;
}

}  // namespace upinspect::convert
