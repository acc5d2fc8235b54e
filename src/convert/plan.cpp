// SPDX-License-Identifier: Apache-2.0
#include "convert/plan.hpp"

#include "convert/cast.hpp"
#include "convert/json_text.hpp"
#include "convert/listing.hpp"
#include "convert/module_names.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace upinspect::convert {

namespace {

void set(Metadata& metadata, const std::string& key, std::string value) {
  const auto found = std::find_if(metadata.begin(), metadata.end(), [&key](const auto& member) { return member.first == key; });
  if (found == metadata.end()) {
    metadata.emplace_back(key, std::move(value));
  } else {
    found->second = std::move(value);
  }
}

/// Written by us for the way back; new names make it stale.
bool is_our_own(const std::string& key) { return key == k_paths_key || key == k_config_key; }

/// A rounded alpha would be another scale: these keep their dtype.
std::set<std::string> alphas_of(const Input& input) {
  std::set<std::string> names;
  for (const auto& module : input.adapter() ? input.adapter()->modules : std::vector<AdapterModule>{}) {
    names.insert(module.part("alpha"));
  }
  return names;
}

/// Alphas are rounded to half precision here and there: 22.627 and 22.625 are one. A trainer's own word is no loader's.
bool is_disputed(const AdapterModule& module) {
  return module.alpha && std::any_of(module.alpha_readings.begin(), module.alpha_readings.end(), [&module](const AlphaReading& reading) {
           return !reading.where.starts_with("ss_network_alpha") && std::abs(reading.value - *module.alpha) > 0.005 * std::abs(*module.alpha);
         });
}

}  // namespace

Metadata plan_metadata(const Input& input, const PlanOptions& options, const Metadata& ours) {
  Metadata metadata;
  const auto* members = input.metadata().if_object();
  for (const auto& [key, value] : members == nullptr ? Value::Object{} : *members) {
    const bool kept = options.strip_metadata ? key == "format" : options.names == Names::same || !is_our_own(key);
    if (kept) {
      set(metadata, key, value.if_string() != nullptr ? *value.if_string() : python_json_line(value));
    }
  }
  for (const auto& [key, value] : ours) {
    set(metadata, key, value);
  }
  for (const auto& [key, value] : options.set_metadata) {
    set(metadata, key, value);
  }
  return metadata;
}

void Plan::take(const ModuleFactors& factors) {
  widened = widened || factors.widened;
  padded += factors.padded ? std::size_t{1} : 0;
  reordered += factors.reordered ? std::size_t{1} : 0;
  if (is_disputed(*factors.module)) {
    disputed.push_back(factors.module->name);
  }
}

void Plan::tell_work() {
  const auto of = [](std::size_t count) { return std::to_string(count) + (count == 1 ? " module" : " modules"); };
  if (reordered != 0) {
    notes.push_back("the rows of " + of(reordered) + " (queries and keys) are back in transformers' order, from llama.cpp's");
  }
  if (padded != 0) {
    notes.push_back(of(padded) + " acted on the first rows of a layer (linear1) alone: rows of zeros follow for the others");
  }
  if (!disputed.empty()) {
    notes.push_back("alphas differ by where they stand for " + listing("module", disputed) +
                    ": the scale is made of the one that loaders use, of a tensor before the configuration's before the header's");
  }
}

Plan plan_same(const Input& input, const PlanOptions& options) {
  Plan plan;
  Reasons reasons;
  const auto alphas = alphas_of(input);
  for (std::size_t i = 0; i < input.tensors().size(); ++i) {
    auto tensor = input.outgoing(i);
    const bool changes = options.dtype && alphas.count(tensor.name) == 0;
    plan.tensors.push_back(changes ? cast(std::move(tensor), *options.dtype) : std::move(tensor));
  }
  if (options.config_file && input.config().if_object() == nullptr) {
    reasons.add("a PEFT folder needs adapter_config.json, and there is none to copy; --to peft writes one");
  } else if (options.config_file) {
    plan.config = input.config();
  }
  reasons.settle();
  plan.modules = input.adapter() ? input.adapter()->modules.size() : 0;
  // Loaders of safetensors look for it; a file that is safetensors already says what it says.
  plan.metadata = plan_metadata(input, options, input.format().id == "safetensors" ? Metadata{} : Metadata{{"format", "pt"}});
  return plan;
}

}  // namespace upinspect::convert
