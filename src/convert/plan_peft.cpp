// SPDX-License-Identifier: Apache-2.0
// To PEFT: base_model.model.<path>.lora_A.weight (r x in), .lora_B.weight (out x r), .lora_magnitude_vector (out);
// embeddings .lora_embedding_A, .lora_embedding_B; rank and alpha in adapter_config.json, or in the header of a file that
// stands alone, where diffusers keeps them (lora_adapter_metadata).
#include "convert/cast.hpp"
#include "convert/json_text.hpp"
#include "convert/listing.hpp"
#include "convert/peft_config.hpp"
#include "convert/plan.hpp"

#include "bytes/json_reader.hpp"
#include "bytes/parse_error.hpp"
#include "lora/canonical.hpp"

#include <algorithm>
#include <set>

namespace upinspect::convert {

namespace {

constexpr const char* k_wrapper = "base_model.model.";

class PeftPlanner {
 public:
  PeftPlanner(const Input& input, const PlanOptions& options) : m_input(input), m_options(options) {}

  Plan run();

 private:
  void add_module(const ModuleFactors& factors, const std::string& path);
  void add(Outgoing tensor, std::string name);
  void add_others();
  void add_other(const std::string& name, std::set<std::string>& parents);
  void configure();
  void note(std::string text) {
    if (!text.empty()) {
      m_plan.notes.push_back(std::move(text));
    }
  }
  [[nodiscard]] Value old_config() const;
  [[nodiscard]] Metadata header() const;

  const Input& m_input;
  const PlanOptions& m_options;
  Plan m_plan;
  Reasons m_reasons;
  ConfigFacts m_facts;
  std::vector<std::string> m_lost;
};

void PeftPlanner::add(Outgoing tensor, std::string name) {
  tensor.name = std::move(name);
  m_plan.tensors.push_back(m_options.dtype ? cast(std::move(tensor), *m_options.dtype) : std::move(tensor));
}

void PeftPlanner::add_module(const ModuleFactors& factors, const std::string& path) {
  const auto whole = k_wrapper + path;
  add(factors.down, whole + (factors.embedding ? ".lora_embedding_A" : ".lora_A.weight"));
  add(factors.up, whole + (factors.embedding ? ".lora_embedding_B" : ".lora_B.weight"));
  if (factors.magnitude) {
    auto magnitude = *factors.magnitude;
    if (factors.convolution) {
      magnitude.shape.assign(factors.down.shape.size(), 1);
      magnitude.shape[1] = factors.magnitude->shape[0];
    }
    add(std::move(magnitude), whole + ".lora_magnitude_vector");
    m_facts.dora = true;
  }
  m_facts.modules.push_back({path, factors.rank, factors.scale});
  m_facts.fan_in_fan_out = m_facts.fan_in_fan_out || (factors.module->base_transposed && !factors.embedding);
  m_plan.take(factors);
  m_plan.renamed.emplace_back(factors.module->name, path);
}

/// Weights that are saved whole beside the LoRA's: PEFT's modules_to_save.
void PeftPlanner::add_other(const std::string& name, std::set<std::string>& parents) {
  const auto path = std::string(lora::base_path(name));
  const auto dot = path.rfind('.');
  const bool is_parameter = path.ends_with(".weight") || path.ends_with(".bias");
  const auto parent = dot == std::string::npos ? std::string() : path.substr(0, dot);
  const bool is_adapted = std::any_of(m_facts.modules.begin(), m_facts.modules.end(),
                                      [&parent](const ConfigModule& module) { return module.path == parent; });
  if (!is_parameter || parent.empty() || is_adapted) {
    m_lost.push_back(name);
    return;
  }
  parents.insert(parent);
  add(m_input.outgoing(*m_input.find(name)), k_wrapper + path);
}

void PeftPlanner::add_others() {
  std::set<std::string> parents;
  for (const auto& name : m_input.adapter()->other) {
    add_other(name, parents);
  }
  if (!m_lost.empty()) {
    m_reasons.add("PEFT has no place for " + listing("tensor", m_lost) + "; --tensor GLOB leaves out what does not match");
  }
  m_facts.saved_modules.assign(parents.begin(), parents.end());
  if (!parents.empty()) {
    m_plan.notes.push_back("whole weights beside the LoRA are kept under modules_to_save: " +
                           listing("module", m_facts.saved_modules));
  }
}

/// Beside the tensors, or in the header where we kept it on the way to kohya's names.
Value PeftPlanner::old_config() const {
  const auto* kept = m_input.metadata().find(k_config_key);
  const auto* text = kept == nullptr ? nullptr : kept->if_string();
  if (m_input.config().if_object() != nullptr || text == nullptr) {
    return m_input.config();
  }
  try {
    return bytes::parse_json(*text, 0, k_config_key);
  } catch (const bytes::ParseError&) {
    return {};
  }
}

void PeftPlanner::configure() {
  const auto old = old_config();
  const auto* mlx_model = old.find("peft_type") == nullptr ? old.find("model") : nullptr;
  m_facts.base_model = !m_options.base_model.empty()                                  ? m_options.base_model
                       : mlx_model != nullptr && mlx_model->if_string() != nullptr ? *mlx_model->if_string()
                                                                                      : "";
  const bool kept = !m_plan.widened && m_options.base_model.empty() && m_options.naming.modules.empty() && config_holds(old, m_facts);
  if (!kept) {
    note(unsettled_note(settle_scales(m_facts.modules)));
  }
  for (const auto& module : m_facts.modules) {
    m_plan.scales.push_back(module.scale);
  }
  m_plan.config = kept ? old : peft_config(m_facts, old, m_reasons);
}

/// A file that stands alone says in its header what the configuration would; text encoders have keys of their own.
Metadata PeftPlanner::header() const {
  Metadata ours{{"format", "pt"}};
  if (m_options.config_file) {
    return ours;
  }
  std::set<std::string> components;
  for (const auto& module : m_facts.modules) {
    components.insert(std::string(lora::component_of(module.path)));
  }
  Value::Object all;
  for (const auto& component : components) {
    for (const auto& [key, value] : *m_plan.config->if_object()) {
      all.emplace_back(component.empty() ? key : component + "." + key, value);
    }
  }
  ours.emplace_back("lora_adapter_metadata", python_json_line(Value(std::move(all))));
  return ours;
}

Plan PeftPlanner::run() {
  const auto modules = factors_of(m_input, m_options.factors, m_reasons);
  const auto paths = peft_paths(m_input, modules, m_options.naming, m_reasons);
  require_different(paths, modules, m_reasons);
  m_reasons.settle();
  for (std::size_t i = 0; i < modules.size(); ++i) {
    add_module(modules[i], paths[i]);
    m_plan.canonical.push_back(canonical_at(m_input, modules[i], paths[i]));
  }
  add_others();
  configure();
  m_reasons.settle();
  m_plan.modules = modules.size();
  if (m_plan.widened) {
    m_plan.notes.push_back("fused layers became one update each, their parts put side by side with zeros between: the rank "
                           "is the sum of theirs, the values are the same");
  }
  m_plan.tell_work();
  m_plan.metadata = plan_metadata(m_input, m_options, header());
  if (!m_options.config_file) {
    m_plan.config.reset();
  }
  return std::move(m_plan);
}

}  // namespace

Plan plan_peft(const Input& input, const PlanOptions& options) { return PeftPlanner(input, options).run(); }

}  // namespace upinspect::convert
