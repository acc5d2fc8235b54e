// SPDX-License-Identifier: Apache-2.0
// Who stands where: the tensor X.alpha (kohya and all like it), adapter_config.json (PEFT; MLX as a scale), the header's
// lora_adapter_metadata (diffusers), lora_alpha, network_alpha or alpha (several exporters), adapter.lora.alpha (GGUF).
// ss_network_alpha is what the trainer was told; loaders do not read it.
#include "lora/scale.hpp"

#include "lora/canonical.hpp"
#include "lora/values.hpp"

#include <algorithm>
#include <cmath>

namespace upinspect::lora {

namespace {

constexpr const char* k_alpha_rule = "alpha / rank";
constexpr const char* k_stabilised_rule = "alpha / sqrt(rank)";

bool has_member_with(const Value& object, std::string_view word) {
  const auto* members = object.if_object();
  return members != nullptr && std::any_of(members->begin(), members->end(), [word](const auto& member) {
           return member.first.find(word) != std::string::npos;
         });
}

std::string with_prefix(std::string_view component) { return component.empty() ? std::string() : std::string(component) + "."; }

}  // namespace

ScaleReader::ScaleReader(const Family& family, const Value& metadata, const Value* config, ScalarReader scalar)
    : m_family(family), m_config(config), m_scalar(std::move(scalar)), m_unknown_rule("unknown: " + std::string(family.alpha_place)) {
  if (config != nullptr && family.rule != ScaleRule::direct) {
    m_peft = peft_settings(*config, "");
  }
  m_header = embedded_json(metadata, "lora_adapter_metadata");
  for (const auto* key : {"lora_alpha", "network_alpha", "alpha", "adapter.lora.alpha"}) {
    if (const auto alpha = as_number(metadata.find(key))) {
      m_stated.emplace_back(key, *alpha);
    }
  }
  m_network_alpha = as_number(metadata.find("ss_network_alpha"));
  const auto arguments = embedded_json(metadata, "ss_network_args");
  m_network_stabilised = is_true(arguments.find("rs_lora")) || is_true(arguments.find("rank_stabilized"));
  m_network_varies = has_member_with(arguments, "alpha") || has_member_with(arguments, "reg_dims") || has_member_with(arguments, "_dim");
}

void ScaleReader::add(AdapterModule& module, AlphaSource source, std::string where, double value) const {
  module.alpha_readings.push_back({source, std::move(where), value});
}

void ScaleReader::read_tensor(AdapterModule& module, const Tensor& tensor) {
  if (const auto value = m_scalar ? m_scalar(tensor) : std::nullopt) {
    add(module, AlphaSource::tensor, tensor.name, *value);
  }
}

void ScaleReader::read_config(AdapterModule& module) {
  if (m_family.rule == ScaleRule::direct) {
    const auto* parameters = m_config == nullptr ? nullptr : m_config->find("lora_parameters");
    if (const auto scale = parameters == nullptr ? std::nullopt : as_number(parameters->find("scale"))) {
      add(module, AlphaSource::adapter_config, "lora_parameters.scale", *scale);
    }
    return;
  }
  std::string where;
  if (const auto alpha = m_peft ? m_peft->alpha_of(base_path(module.name), where) : std::nullopt) {
    add(module, AlphaSource::adapter_config, where, *alpha);
  }
}

const PeftSettings& ScaleReader::header_settings(std::string_view component) {
  const auto found = m_header_settings.find(component);
  return found != m_header_settings.end()
             ? found->second
             : m_header_settings.emplace(std::string(component), peft_settings(m_header, with_prefix(component))).first->second;
}

/// A trainer's ss_network_alpha, as the tensors of its modules would have it. Where arguments give some modules an alpha
/// of their own, it says nothing of any one of them.
void ScaleReader::read_network_alpha(AdapterModule& module) const {
  const auto alpha = m_network_alpha;
  if (!alpha || m_network_varies) {
    return;
  }
  const bool stored_multiplied = m_network_stabilised && module.rank && module.method != "glora";
  add(module, AlphaSource::metadata, stored_multiplied ? "ss_network_alpha x sqrt(rank), because of rs_lora" : "ss_network_alpha",
      stored_multiplied ? *alpha * std::sqrt(static_cast<double>(*module.rank)) : *alpha);
}

void ScaleReader::read_header(AdapterModule& module) {
  std::string where;
  if (m_header.if_object() != nullptr) {
    const auto component = component_of(module.name);
    if (const auto alpha = header_settings(component).alpha_of(base_path(module.name), where)) {
      add(module, AlphaSource::metadata, "lora_adapter_metadata: " + with_prefix(component) + where, *alpha);
    }
  }
  for (const auto& [key, alpha] : m_stated) {
    add(module, AlphaSource::metadata, key, alpha);
  }
  read_network_alpha(module);
}

bool ScaleReader::stabilised(const AdapterModule& module) const {
  if (module.alpha_source == AlphaSource::adapter_config) {
    return m_peft && m_peft->rank_stabilised;
  }
  const auto found = m_header_settings.find(component_of(module.name));
  return module.alpha_source == AlphaSource::metadata && found != m_header_settings.end() && found->second.alpha &&
         found->second.rank_stabilised;
}

/// Methods whose scale no alpha decides.
bool ScaleReader::fixed(AdapterModule& module) const {
  const auto rule = [&module](double scale, const char* why) {
    module.scale = scale;
    module.scale_rule = why;
    return true;
  };
  const std::string_view method = module.method;
  if (method == "full" || method == "norm") {
    return rule(1, "1 (a difference, added as it is)");
  }
  if (method == "ia3") {
    return rule(1, "1 (a factor of the weight)");
  }
  if (method == "oft" || method == "boft") {
    module.scale_rule = "none (a rotation; an alpha constrains it)";
    return true;
  }
  if (method == "lokr" && !module.part("lokr_w1").empty() && !module.part("lokr_w2").empty()) {
    return rule(1, "1 (both factors are whole: alpha is not used)");
  }
  return false;
}

void ScaleReader::by_family(AdapterModule& module) const {
  switch (m_family.rule) {
    case ScaleRule::settings:
    case ScaleRule::direct:
      module.scale_rule = m_unknown_rule;
      break;
    case ScaleRule::zero_is_one:
      module.scale = 1;
      module.scale_rule = "1 (no alpha: llama.cpp leaves the update as it is)";
      break;
    case ScaleRule::tensor_or_one:
      module.scale = 1;
      module.scale_rule = "1 (no alpha: loaders take alpha = rank)";
      break;
  }
}

/// The first reading that loaders use: tensor, configuration, header; never ss_network_alpha.
void ScaleReader::choose(AdapterModule& module, bool unread) const {
  const auto used = std::find_if(module.alpha_readings.begin(), module.alpha_readings.end(), [](const AlphaReading& reading) {
    return !reading.where.starts_with("ss_network_alpha");
  });
  const bool any = used != module.alpha_readings.end() && !unread;
  if (any) {
    module.alpha_source = used->source;
  }
  if (any && m_family.rule == ScaleRule::direct) {
    module.scale = used->value;
    module.scale_rule = "the configuration's scale, as it is";
    return;
  }
  if (any) {
    module.alpha = used->value;
  }
  if (fixed(module)) {
    return;
  }
  if (unread) {
    module.alpha_source = AlphaSource::tensor;
    module.scale_rule = "alpha / rank (the alpha tensor was not read)";
    return;
  }
  if (!any || (m_family.rule == ScaleRule::zero_is_one && used->value == 0)) {
    by_family(module);
    return;
  }
  module.scale_rule = stabilised(module) ? k_stabilised_rule : k_alpha_rule;
  if (module.rank && *module.rank != 0) {
    const auto rank = static_cast<double>(*module.rank);
    module.scale = *module.alpha / (stabilised(module) ? std::sqrt(rank) : rank);
  }
}

void ScaleReader::read(AdapterModule& module, const Tensor* alpha) {
  if (alpha != nullptr) {
    read_tensor(module, *alpha);
  }
  const bool unread = alpha != nullptr && module.alpha_readings.empty();
  read_config(module);
  read_header(module);
  choose(module, unread);
}

}  // namespace upinspect::lora
