// SPDX-License-Identifier: Apache-2.0
// adapter-config: the settings beside an adapter's weights. A JSON object; PEFT's has "peft_type", MLX's has
// "lora_parameters" or "fine_tune_type".
#include "formats/json_text.hpp"

#include <algorithm>
#include <array>

namespace upinspect::formats::adapter_config {

namespace {

constexpr std::array<const char*, 3> k_marks{"peft_type", "lora_parameters", "fine_tune_type"};
constexpr std::array<const char*, 6> k_shown{"peft_type", "base_model_name_or_path", "r", "lora_alpha", "use_rslora", "use_dora"};

}  // namespace

Claim sniff(const Probe& probe) noexcept {
  const auto* object = probe.json_object();
  const bool marked = object != nullptr && std::any_of(k_marks.begin(), k_marks.end(), [object](const char* key) { return object->has(key); });
  return marked ? Claim::certain : Claim::none;
}

void read(const Probe&, model::Builder& builder) {
  auto value = read_json_object(builder);
  for (const auto* key : k_shown) {
    if (const auto* member = value.find(key); member != nullptr && member->if_object() == nullptr) {
      builder.detail(key, *member);
    }
  }
  if (value.find("auto_mapping") != nullptr && value.find("auto_mapping")->if_object() != nullptr) {
    builder.find("config.auto-mapping", Severity::warning,
                 "auto_mapping names a class and a module that PEFT imports when it loads the adapter");
  }
  builder.artifact.metadata = std::move(value);
}

}  // namespace upinspect::formats::adapter_config
