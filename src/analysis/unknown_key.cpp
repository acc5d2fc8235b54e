// SPDX-License-Identifier: Apache-2.0
// lora.unknown-key: tensors beside an adapter's modules that no family's loader knows.
#include "analysis/adapter_rule.hpp"

#include <algorithm>

namespace upinspect::analysis {

namespace {

/// modules_to_save keeps whole layers under the names of the base model, and so does loralib with its classifier.
bool is_saved_module(const std::string& name, const Value* config) {
  if (name.find("modules_to_save") != std::string::npos) {
    return true;
  }
  const auto* list = config == nullptr ? nullptr : config->find("modules_to_save");
  const auto* entries = list == nullptr ? nullptr : list->if_array();
  return entries != nullptr && std::any_of(entries->begin(), entries->end(), [&name](const Value& entry) {
           const auto* module = entry.if_string();
           return module != nullptr && ("." + name + ".").find("." + *module + ".") != std::string::npos;
         });
}

/// Layers of a base model end so; the alphas and factors of a family do not.
bool is_layer(const std::string& name) { return name.ends_with(".weight") || name.ends_with(".bias"); }

bool is_embedding(const Tensor& tensor) { return tensor.name.starts_with('<') && tensor.name.ends_with('>'); }

}  // namespace

void unknown_key(AdapterCase& judged) {
  std::vector<std::string> layers;
  std::vector<std::string> unknown;
  for (const auto& name : judged.adapter().other) {
    const auto* tensor = judged.tensor(name);
    if (is_saved_module(name, judged.config()) || (tensor != nullptr && is_embedding(*tensor))) {
      continue;
    }
    (is_layer(name) ? layers : unknown).push_back(name);
  }
  if (!layers.empty()) {
    judged.find("lora.whole-layer", Severity::note,
                "whole layers beside the adapter's modules, as modules_to_save keeps them: " + named(layers, "tensor"), layers.front());
  }
  if (!unknown.empty()) {
    judged.find("lora.unknown-key", Severity::warning,
                "no part of any adapter module that we know, so that loaders may ignore or refuse it: " + named(unknown, "tensor"),
                unknown.front());
  }
}

}  // namespace upinspect::analysis
