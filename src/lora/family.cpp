// SPDX-License-Identifier: Apache-2.0
#include "lora/family.hpp"

#include "lora/canonical.hpp"
#include "lora/values.hpp"

#include <algorithm>
#include <array>

namespace upinspect::lora {

namespace {

constexpr Family k_ai_toolkit{"ai-toolkit", "ai-toolkit", ScaleRule::tensor_or_one, ""};
constexpr Family k_cloneofsimo{"cloneofsimo", "cloneofsimo", ScaleRule::tensor_or_one, ""};
constexpr Family k_comfyui{"comfyui", "ComfyUI-style", ScaleRule::tensor_or_one, ""};
constexpr Family k_control{"control-lora", "Control-LoRA", ScaleRule::tensor_or_one, ""};
constexpr Family k_custom{"custom", "custom", ScaleRule::settings, "nothing here states an alpha"};
constexpr Family k_diffusers{"diffusers", "diffusers", ScaleRule::tensor_or_one, ""};
constexpr Family k_gguf{"gguf", "llama.cpp", ScaleRule::zero_is_one, ""};
constexpr Family k_kohya{"kohya", "kohya", ScaleRule::tensor_or_one, ""};
constexpr Family k_loralib{"loralib", "loralib", ScaleRule::settings, "the program that trained it has the alpha"};
constexpr Family k_lycoris{"lycoris", "LyCORIS", ScaleRule::tensor_or_one, ""};
constexpr Family k_mlx{"mlx", "MLX", ScaleRule::direct, "it is lora_parameters.scale in adapter_config.json, which is not here"};
constexpr Family k_musubi{"musubi", "musubi-tuner", ScaleRule::tensor_or_one, ""};
constexpr Family k_nemo{"nemo", "NeMo", ScaleRule::settings, "its alpha is in model_config.yaml, which is not here"};
constexpr Family k_onetrainer{"onetrainer", "OneTrainer", ScaleRule::tensor_or_one, ""};
constexpr Family k_peft{"peft", "PEFT", ScaleRule::settings, "its alpha is in adapter_config.json, which is not here"};
constexpr Family k_raw_triad{"raw-triad", "raw triad", ScaleRule::settings,
                             "its alpha is in adapter_config.json or a file of its own, and neither is here"};
constexpr Family k_simpletuner{"simpletuner", "SimpleTuner", ScaleRule::tensor_or_one, ""};
constexpr Family k_xlabs_family{"xlabs", "XLabs", ScaleRule::tensor_or_one, ""};

constexpr std::array k_all{&k_ai_toolkit, &k_cloneofsimo, &k_comfyui, &k_control,    &k_custom, &k_diffusers,
                           &k_gguf,       &k_kohya,       &k_loralib, &k_lycoris,    &k_mlx,    &k_musubi,
                           &k_nemo,       &k_onetrainer,  &k_peft,    &k_raw_triad,  &k_simpletuner, &k_xlabs_family};

/// Where the names of diffusers' models begin, when the component's name is left out.
constexpr std::array<std::string_view, 7> k_diffusers_roots{"down_blocks.", "up_blocks.", "mid_block.", "transformer_blocks.",
                                                            "single_transformer_blocks.", "time_embedding.", "add_embedding."};

/// The spelling of most modules.
Spelling most_common(const Drafts& drafts) {
  std::array<std::size_t, static_cast<std::size_t>(Spelling::shared) + 1> counts{};
  for (const auto& draft : drafts.modules) {
    ++counts[static_cast<std::size_t>(draft.spelling)];
  }
  return static_cast<Spelling>(std::max_element(counts.begin(), counts.end()) - counts.begin());
}

bool any_name(const std::vector<AdapterModule>& modules, std::string_view prefix) {
  return std::any_of(modules.begin(), modules.end(), [prefix](const AdapterModule& module) {
    const auto at = module.name.find(prefix);
    return at == 0 || (at != std::string::npos && module.name[at - 1] == '.');
  });
}

/// One of LyCORIS' methods, or a part that only its modules have.
bool is_lycoris(const Drafts& drafts, const std::vector<AdapterModule>& modules) {
  const bool method = std::any_of(modules.begin(), modules.end(), [](const AdapterModule& module) {
    return module.method != "lora" && module.method != "dora";
  });
  const bool part = std::any_of(drafts.modules.begin(), drafts.modules.end(), [](const Draft& draft) {
    return draft.has("mid") || draft.has("magnitude") || draft.has("scalar");
  });
  return method || part || any_name(modules, "lycoris_");
}

bool has_component(const std::vector<AdapterModule>& modules) {
  return std::any_of(modules.begin(), modules.end(), [](const AdapterModule& module) { return !component_of(module.name).empty(); });
}

/// .lora_A.weight and .lora_A without it.
const Family& lora_a_family(const std::vector<AdapterModule>& modules, bool bare) {
  if (any_name(modules, "base_model.model.")) {
    return k_peft;
  }
  if (any_name(modules, "diffusion_model.")) {
    return k_comfyui;
  }
  const bool known = has_component(modules) || std::any_of(k_diffusers_roots.begin(), k_diffusers_roots.end(),
                                                          [&modules](std::string_view root) { return any_name(modules, root); });
  return known ? k_diffusers : bare ? k_loralib : k_peft;
}

/// Hunyuan's, Wan's and others' blocks are one list; sd-scripts' models have none that is called so.
bool is_video_model(const std::vector<AdapterModule>& modules) {
  return any_name(modules, "lora_unet_blocks_") &&
         std::any_of(modules.begin(), modules.end(), [](const AdapterModule& module) {
           return module.name.find("_self_attn_") != std::string::npos || module.name.find("_cross_attn_") != std::string::npos;
         });
}

const Family& lora_down_family(const Drafts& drafts, const std::vector<AdapterModule>& modules) {
  if (any_name(modules, "diffusion_model.")) {
    return k_comfyui;
  }
  if (is_lycoris(drafts, modules)) {
    return k_lycoris;
  }
  return is_video_model(modules) ? k_musubi : k_kohya;
}

const Family& by_keys(const Drafts& drafts, const std::vector<AdapterModule>& modules) {
  switch (most_common(drafts)) {
    case Spelling::peft:
    case Spelling::peft_embedding:
      return lora_a_family(modules, false);
    case Spelling::peft_bare:
      return lora_a_family(modules, true);
    case Spelling::lycoris:
      return any_name(modules, "base_model.model.") ? k_peft : lora_down_family(drafts, modules);
    case Spelling::kohya:
      return lora_down_family(drafts, modules);
    case Spelling::processor:
    case Spelling::linear_layer:
    case Spelling::lora_down:
      return k_diffusers;
    case Spelling::control:
      return k_control;
    case Spelling::xlabs:
      return k_xlabs_family;
    case Spelling::cloneofsimo:
      return k_cloneofsimo;
    case Spelling::mlx:
      return k_mlx;
    case Spelling::gguf:
      return k_gguf;
    case Spelling::nemo:
      return k_nemo;
    case Spelling::half_file:
      return k_raw_triad;
    case Spelling::shared:
      break;
  }
  return k_custom;
}

bool mentions(const std::string& text, std::string_view word) { return text.find(word) != std::string::npos; }

/// musubi-tuner's network modules that sd-scripts does not have.
bool is_musubi(const std::string& module) {
  static constexpr std::array<std::string_view, 10> k_modules{
      "lora_wan", "lora_framepack", "lora_hv", "lora_qwen_image", "lora_zimage", "lora_z_image", "lora_kandinsky5", "lora_flux_2",
      "lora_hv_1_5", "lora_krea2"};
  const auto dot = module.rfind('.');
  const auto name = dot == std::string::npos ? std::string_view(module) : std::string_view(module).substr(dot + 1);
  return std::find(k_modules.begin(), k_modules.end(), name) != k_modules.end();
}

/// Metadata only say which of the programs that spell alike it was.
const Family& refined(const Family& family, const Value& metadata) {
  const bool kohya_like = &family == &k_kohya || &family == &k_lycoris || &family == &k_musubi;
  const bool diffusers_like = &family == &k_diffusers || &family == &k_comfyui || &family == &k_lycoris || &family == &k_peft;
  const auto module = as_text(metadata.find("ss_network_module"));
  if (kohya_like && metadata.find("ot_branch") != nullptr) {
    return k_onetrainer;
  }
  if (kohya_like && is_musubi(module)) {
    return k_musubi;
  }
  if (&family == &k_kohya && mentions(module, "lycoris")) {
    return k_lycoris;
  }
  if (!diffusers_like) {
    return family;
  }
  if (mentions(as_text(metadata.find("software")), "ai-toolkit")) {
    return k_ai_toolkit;
  }
  const bool simpletuner = mentions(as_text(metadata.find("software")), "SimpleTuner") ||
                           mentions(as_text(metadata.find("modelspec.implementation")), "SimpleTuner") ||
                           metadata.find("simpletuner_config") != nullptr;
  return simpletuner ? k_simpletuner : family;
}

}  // namespace

const Family& family_of(const Drafts& drafts, const std::vector<AdapterModule>& modules, const Value& metadata) {
  return refined(by_keys(drafts, modules), metadata);
}

std::vector<Family> families() {
  std::vector<Family> out;
  for (const auto* family : k_all) {
    out.push_back(*family);
  }
  return out;
}

}  // namespace upinspect::lora
