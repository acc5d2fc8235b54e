// SPDX-License-Identifier: Apache-2.0
#include "convert/merge_plan.hpp"

#include "convert/listing.hpp"
#include "convert/refusal.hpp"
#include "lora/base_match.hpp"
#include "lora/rotation_settings.hpp"
#include "lora/values.hpp"
#include "numeric/encode.hpp"
#include "numeric/values.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

namespace upinspect::convert {

namespace {

using lora::UpdateTarget;

/// Reasons in the order in which they came up, each with the modules that it holds for.
class ReasonsByModule {
 public:
  void add(const std::string& why, const std::string& module) {
    const auto same = std::find_if(m_entries.begin(), m_entries.end(), [&why](const auto& entry) { return entry.first == why; });
    (same == m_entries.end() ? m_entries.emplace_back(why, std::vector<std::string>()) : *same).second.push_back(module);
  }
  void settle() const {
    std::vector<std::string> reasons;
    for (const auto& [why, modules] : m_entries) {
      reasons.push_back(modules.front().empty() ? why : why + " (" + listing("module", modules, 12) + ")");
    }
    if (!reasons.empty()) {
      throw Refusal(std::move(reasons));
    }
  }

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> m_entries;
};

class Planner {
 public:
  Planner(const Input& base, const Input& adapter, const lora::UpdateOptions& options, bool precise)
      : m_base(base), m_adapter(adapter), m_options(options), m_precise(precise), m_match(base.tensors(), adapter.adapter()->modules) {}

  MergePlan run();

 private:
  void adapter_as_a_whole();
  [[nodiscard]] bool saved_layer(const std::string& name);
  void module(const AdapterModule& module);
  void take(const AdapterModule& module, UpdateTarget target, const lora::BaseWeight& found);
  [[nodiscard]] bool is_free(const AdapterModule& module, std::size_t place);
  [[nodiscard]] std::string finding_about(const AdapterModule& module) const;
  [[nodiscard]] std::string obstacle(const Tensor& weight) const;
  void try_update(const MergeTarget& target, bool in_parts);

  const Input& m_base;
  const Input& m_adapter;
  const lora::UpdateOptions& m_options;
  bool m_precise;
  lora::BaseMatch m_match;
  std::vector<MergeTarget> m_targets;
  std::map<std::size_t, std::string> m_taken;
  ReasonsByModule m_reasons;
};

/// A tensor that no module explains may be a whole layer: leaving it out would merge another model.
void Planner::adapter_as_a_whole() {
  const auto& adapter = *m_adapter.adapter();
  if (adapter.modules.empty()) {
    m_reasons.add("the adapter has no modules", "");
  }
  if (!adapter.unpaired.empty()) {
    m_reasons.add("the other half is missing of " + listing("tensor", adapter.unpaired, 12), "");
  }
  std::vector<std::string> left_out;
  std::copy_if(adapter.other.begin(), adapter.other.end(), std::back_inserter(left_out), [this](const std::string& name) { return !saved_layer(name); });
  if (!left_out.empty()) {
    m_reasons.add(listing("tensor", left_out, 12) + " of the adapter belong" + (left_out.size() == 1 ? "s" : "") +
                      " to no module that merge knows, and would be left out", "");
  }
}

/// PEFT's modules_to_save: a tensor under the name of one of the base's takes its place.
bool Planner::saved_layer(const std::string& name) {
  const auto [module, found, target] = m_match.saved_layer(name);
  if (found.ambiguous || !(target == UpdateTarget::bias ? found.bias : found.weight)) {
    return false;
  }
  take(module, target, found);
  return true;
}

std::string Planner::finding_about(const AdapterModule& module) const {
  for (const auto& finding : m_adapter.findings()) {
    const bool here = std::any_of(module.parts.begin(), module.parts.end(),
                                  [&finding](const AdapterPart& part) { return part.tensor == finding.tensor; });
    if (here && finding.severity == Severity::error) {
      return finding.message;
    }
  }
  return {};
}

/// Why the weight cannot take an update, whatever that is.
std::string Planner::obstacle(const Tensor& weight) const {
  if (!numeric::can_encode(weight.dtype)) {
    const auto name = weight.dtype == Dtype::other ? weight.dtype_name.str() : std::string(info(weight.dtype).name);
    return "its weight is " + name + ", which cannot be rounded to";
  }
  static constexpr std::array<std::string_view, 4> k_scales{"_scale", "_scale_inv", ".scale_weight", ".weight_scale"};
  for (const auto suffix : k_scales) {
    const auto stem = suffix.starts_with('.') && weight.name.ends_with(".weight") ? weight.name.substr(0, weight.name.size() - 7) : weight.name;
    if (m_base.find(stem + std::string(suffix))) {
      return "its weight is stored with a scale of its own, which merge does not know";
    }
  }
  return {};
}

/// Builds the update, which is not kept.
void Planner::try_update(const MergeTarget& target, bool in_parts) {
  const auto check = [in_parts](const auto& update) {
    if (in_parts && !update.rows_are_apart()) {
      throw lora::UpdateRefused("the base keeps this layer in another number of weights, and this method cannot be shared out among them");
    }
  };
  const auto build = [&] {
    if (target.precise) {
      check(update_of<double>(m_adapter, target, m_options));
    } else {
      check(update_of<float>(m_adapter, target, m_options));
    }
  };
  try {
    build();
  } catch (const lora::UpdateRefused& refused) {
    m_reasons.add(refused.what(), target.module.name);
  } catch (const Refusal& refused) {
    m_reasons.add(refused.what(), target.module.name);
  }
}

/// Whether the tensor can take the module's update, and no other module has.
bool Planner::is_free(const AdapterModule& module, std::size_t place) {
  const auto& tensor = m_base.tensors()[place];
  if (const auto why = obstacle(tensor); !why.empty()) {
    m_reasons.add(why, module.name);
    return false;
  }
  if (const auto [earlier, fresh] = m_taken.emplace(place, module.name); !fresh) {
    m_reasons.add("\"" + tensor.name + "\" of the base is meant by \"" + earlier->second + "\" as well", module.name);
    return false;
  }
  return true;
}

void Planner::take(const AdapterModule& module, UpdateTarget target, const lora::BaseWeight& found) {
  const bool bias = target == UpdateTarget::bias;
  const auto& one = bias ? found.bias : found.weight;
  const auto places = one ? std::vector<std::size_t>{*one} : bias ? std::vector<std::size_t>() : found.parts;
  if (places.empty()) {
    m_reasons.add(m_match.why_missing(module, bias), module.name);
    return;
  }
  const auto* fan = m_adapter.config().find("fan_in_fan_out");
  const auto shape = lora::shape_for(module, found, places, m_base.tensors());
  std::size_t row = 0;
  for (const auto place : places) {
    if (!is_free(module, place)) {
      return;
    }
    const auto& tensor = m_base.tensors()[place];
    const bool wide = tensor.dtype == Dtype::f32 || tensor.dtype == Dtype::f64;
    m_targets.push_back({module, target, place, m_precise || wide, shape, row});
    m_targets.back().module.base_transposed = module.base_transposed || (module.method == "ia3" && lora::is_true(fan));
    row += tensor.shape.empty() ? 1 : static_cast<std::size_t>(tensor.shape[0]);
  }
  try_update(m_targets.back(), shape != m_base.tensors()[places.front()].shape);
}

void Planner::module(const AdapterModule& module) {
  if (const auto why = finding_about(module); !why.empty()) {
    m_reasons.add(why, module.name);
    return;
  }
  const auto found = m_match.of(module);
  if (found.ambiguous) {
    m_reasons.add("several weights of the base have this name", module.name);
    return;
  }
  if (lora::acts_on(module, UpdateTarget::weight)) {
    take(module, UpdateTarget::weight, found);
  }
  // PEFT's IA3 scales a bias where there is one; a difference of a bias wants one.
  if (lora::acts_on(module, UpdateTarget::bias) && (found.bias || module.method != "ia3")) {
    take(module, UpdateTarget::bias, found);
  }
}

MergePlan Planner::run() {
  adapter_as_a_whole();
  for (const auto& one : m_adapter.adapter()->modules) {
    module(one);
  }
  m_reasons.settle();
  return {std::move(m_targets), m_match.prefix_words()};
}

}  // namespace

template <typename Real>
lora::Update<Real> update_of(const Input& adapter, const MergeTarget& target, const lora::UpdateOptions& options) {
  const auto read = [&](const std::string& role) {
    const auto index = adapter.find(target.module.part(role));
    if (!index) {
      throw lora::UpdateRefused("its part \"" + role + "\" is missing");
    }
    const auto& tensor = adapter.tensors()[*index];
    if (!numeric::has_values(tensor.dtype)) {
      throw lora::UpdateRefused("its part \"" + role + "\" is no list of numbers");
    }
    lora::PartValues<Real> part{tensor.shape, std::vector<Real>(static_cast<std::size_t>(tensor.elements))};
    numeric::decode_values(tensor.dtype, adapter.load(*index), std::span(part.values));
    return part;
  };
  auto settings = options;
  settings.rotation = lora::rotation_settings(target.module, adapter.config());
  return {target.module, target.target, target.shape, settings, read};
}

template lora::Update<float> update_of<float>(const Input&, const MergeTarget&, const lora::UpdateOptions&);
template lora::Update<double> update_of<double>(const Input&, const MergeTarget&, const lora::UpdateOptions&);

MergePlan plan_merge(const Input& base, const Input& adapter, const lora::UpdateOptions& options, bool precise) {
  return Planner(base, adapter, options, precise).run();
}

}  // namespace upinspect::convert
