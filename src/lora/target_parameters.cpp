// SPDX-License-Identifier: Apache-2.0
// PEFT tuners/lora/layer.py, ParamWrapper: lora_A is (experts r) x in, the rows of an expert together; lora_B is
// out x (r experts), whose column k experts + e is column k of expert e. The scale is alpha / r.
#include "lora/target_parameters.hpp"

#include "lora/canonical.hpp"
#include "lora/settings.hpp"

#include <algorithm>
#include <string>

namespace upinspect::lora {

namespace {

std::string_view without_wrapping(std::string_view path) {
  constexpr std::string_view k_inner = ".base_layer";
  while (path.ends_with(k_inner)) {
    path.remove_suffix(k_inner.size());
  }
  return path;
}

/// PEFT takes the whole name, or what follows one of its dots.
bool is_parameter_of(std::string_view path, const std::string& parameter) {
  const auto dot = parameter.rfind('.');
  const auto module = std::string_view(parameter).substr(0, dot == std::string::npos ? 0 : dot);
  return !module.empty() && (path == module || path.ends_with("." + std::string(module)));
}

}  // namespace

bool targets_parameter(const Value& config, std::string_view path) {
  const auto* targets = config.find("target_parameters");
  const auto* list = targets == nullptr ? nullptr : targets->if_array();
  return list != nullptr && std::any_of(list->begin(), list->end(), [inner = without_wrapping(path)](const Value& entry) {
           return entry.if_string() != nullptr && is_parameter_of(inner, *entry.if_string());
         });
}

void read_target_parameter(const Value* config, AdapterModule& module) {
  if (config == nullptr || module.method != "lora" || !module.rank) {
    return;
  }
  const auto path = base_path(module.name);
  if (!targets_parameter(*config, path)) {
    return;
  }
  const auto rank = peft_settings(*config, "").rank_of(without_wrapping(path));
  if (rank && *rank != 0 && *rank < *module.rank && *module.rank % *rank == 0) {
    module.experts = *module.rank / *rank;
    module.rank = rank;
  }
}

}  // namespace upinspect::lora
