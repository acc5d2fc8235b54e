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

/// Packages that PEFT needs anyway, and the program that loads the adapter.
bool is_at_hand(std::string_view module) {
  constexpr std::array<std::string_view, 4> k_packages{"transformers", "diffusers", "torch.nn", "__main__"};
  return std::any_of(k_packages.begin(), k_packages.end(), [module](std::string_view package) {
    return module == package || (module.starts_with(package) && module[package.size()] == '.');
  });
}

/// {"base_model_class": ..., "parent_library": ...}: AutoPeftModel imports the library and takes the class from it.
void note_auto_mapping(const Value& config, model::Builder& builder) {
  const auto* mapping = config.find("auto_mapping");
  if (mapping == nullptr || mapping->if_object() == nullptr) {
    return;
  }
  const auto* library = mapping->find("parent_library");
  const auto* module = library == nullptr ? nullptr : library->if_string();
  const bool strange = module != nullptr && !is_at_hand(*module);
  builder.find("config.auto-mapping", strange ? Severity::error : Severity::warning,
               "auto_mapping names a class and a module that PEFT imports when it loads the adapter" +
                   (module == nullptr ? std::string() : ": " + *module) + (strange ? ", which is none of its own needs" : ""));
}

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
  note_auto_mapping(value, builder);
  builder.artifact.metadata = std::move(value);
}

}  // namespace upinspect::formats::adapter_config
