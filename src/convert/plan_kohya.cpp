// SPDX-License-Identifier: Apache-2.0
// To kohya: lora_unet_<path>.lora_down.weight (r x in), .lora_up.weight (out x r), .alpha (scale x r), .dora_scale
// (out x 1); text encoders lora_te_, or lora_te1_ and lora_te2_ where there are two.
#include "convert/cast.hpp"
#include "convert/dotting.hpp"
#include "convert/json_text.hpp"
#include "convert/listing.hpp"
#include "convert/peft_config.hpp"
#include "convert/plan.hpp"
#include "lora/canonical.hpp"
#include "numeric/encode.hpp"

#include <algorithm>
#include <set>

namespace upinspect::convert {

namespace {

Outgoing scalar(std::string name, double value) {
  const auto dtype = static_cast<double>(static_cast<float>(value)) == value ? Dtype::f32 : Dtype::f64;
  std::vector<std::byte> bytes(info(dtype).block_bytes);
  numeric::encode_values(dtype, std::span<const double>(&value, 1), bytes);
  return {std::move(name), dtype, {}, [bytes](const ElementSink& sink) { sink(bytes); }};
}

class KohyaPlanner {
 public:
  KohyaPlanner(const Input& input, const PlanOptions& options) : m_input(input), m_options(options) {}

  Plan run();

 private:
  void check(const std::vector<ModuleFactors>& modules, const std::vector<std::string>& names);
  void add_module(const ModuleFactors& factors, const std::string& name);
  void add(Outgoing tensor, std::string name);
  [[nodiscard]] Metadata header(const std::vector<ModuleFactors>& modules, const std::vector<std::string>& paths) const;

  const Input& m_input;
  const PlanOptions& m_options;
  Plan m_plan;
  Reasons m_reasons;
  std::size_t m_wide_alphas = 0;
  std::size_t m_unsettled = 0;
};

void KohyaPlanner::add(Outgoing tensor, std::string name) {
  tensor.name = std::move(name);
  m_plan.tensors.push_back(m_options.dtype ? cast(std::move(tensor), *m_options.dtype) : std::move(tensor));
}

void KohyaPlanner::check(const std::vector<ModuleFactors>& modules, const std::vector<std::string>& names) {
  std::vector<std::string> embeddings;
  std::vector<std::string> inexact;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    if (modules[i].embedding) {
      embeddings.push_back(modules[i].module->name);
    }
    if (!alpha_for(modules[i].scale, modules[i].rank)) {
      inexact.push_back(modules[i].module->name);
    }
  }
  if (!embeddings.empty()) {
    m_reasons.add("kohya's files have no form for embeddings (" + listing("module", embeddings) + ")");
  }
  if (!inexact.empty()) {
    m_reasons.add("no alpha gives the scale of " + listing("module", inexact));
  }
  if (const auto& other = m_input.adapter()->other; !other.empty()) {
    m_reasons.add("kohya's files have no place for " + listing("tensor", other) + "; --tensor GLOB leaves out what does not match");
  }
  require_different(names, modules, m_reasons);
}

void KohyaPlanner::add_module(const ModuleFactors& factors, const std::string& name) {
  add(factors.down, name + ".lora_down.weight");
  add(factors.up, name + ".lora_up.weight");
  if (factors.magnitude) {
    auto magnitude = *factors.magnitude;
    magnitude.shape.resize(factors.down.shape.size(), 1);
    add(std::move(magnitude), name + ".dora_scale");
  }
  // Not cast with the rest: a rounded alpha would be another scale.
  const auto alpha = *alpha_for(factors.scale, factors.rank);
  m_plan.scales.push_back(alpha / static_cast<double>(factors.rank));
  m_unsettled += m_plan.scales.back() != factors.scale ? std::size_t{1} : 0;
  m_plan.tensors.push_back(scalar(name + ".alpha", alpha));
  m_wide_alphas += m_plan.tensors.back().dtype == Dtype::f64 ? std::size_t{1} : 0;
  m_plan.take(factors);
  m_plan.renamed.emplace_back(factors.module->name, name);
}

Metadata KohyaPlanner::header(const std::vector<ModuleFactors>& modules, const std::vector<std::string>& paths) const {
  std::set<std::uint64_t> ranks;
  std::set<double> alphas;
  Value::Object dotted;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    ranks.insert(modules[i].rank);
    alphas.insert(*alpha_for(modules[i].scale, modules[i].rank));
    const auto path = std::string(lora::base_path(paths[i]));
    if (path.find('.') != std::string::npos) {
      dotted.emplace_back(flattened(path), path);
    }
  }
  Metadata ours{{"format", "pt"}, {"ss_network_module", "networks.lora"}};
  ours.emplace_back("ss_network_dim", ranks.size() == 1 ? std::to_string(*ranks.begin()) : "Dynamic");
  ours.emplace_back("ss_network_alpha", alphas.size() == 1 ? python_float(*alphas.begin()) : "Dynamic");
  if (!m_options.strip_metadata) {
    ours.emplace_back(k_paths_key, python_json_line(Value(std::move(dotted))));
    if (m_input.config().find("peft_type") != nullptr) {
      ours.emplace_back(k_config_key, python_json_line(m_input.config()));
    }
  }
  return ours;
}

Plan KohyaPlanner::run() {
  const auto modules = factors_of(m_input, m_options.factors, m_reasons);
  auto naming = m_options.naming;
  naming.flat = FlatNaming::stays;
  const auto paths = peft_paths(m_input, modules, naming, m_reasons);
  m_reasons.settle();
  const auto names = kohya_names(paths);
  check(modules, names);
  m_reasons.settle();
  for (std::size_t i = 0; i < modules.size(); ++i) {
    add_module(modules[i], names[i]);
    m_plan.canonical.push_back(canonical_at(m_input, modules[i], paths[i]));
  }
  m_plan.modules = modules.size();
  if (m_wide_alphas != 0) {
    m_plan.notes.push_back(std::to_string(m_wide_alphas) + " alphas are no float32 and stand as float64: a loader that reads "
                           "them as float32 applies a scale that is off by up to 6e-8 of itself");
  }
  if (auto text = unsettled_note(m_unsettled); !text.empty()) {
    m_plan.notes.push_back(std::move(text));
  }
  if (m_plan.widened) {
    m_plan.notes.push_back("fused layers became one update each, their parts put side by side with zeros between");
  }
  m_plan.tell_work();
  m_plan.metadata = plan_metadata(m_input, m_options, header(modules, paths));
  return std::move(m_plan);
}

}  // namespace

Plan plan_kohya(const Input& input, const PlanOptions& options) { return KohyaPlanner(input, options).run(); }

}  // namespace upinspect::convert
