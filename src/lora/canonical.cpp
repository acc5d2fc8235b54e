// SPDX-License-Identifier: Apache-2.0
#include "lora/canonical.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace upinspect::lora {

namespace {

/// What a name can begin with, and what stands in its place. The first that fits is taken, then the search starts again.
struct Prefix {
  std::string_view spelled;
  std::string_view component;
  std::string_view canonical;
};

constexpr std::array k_wrappers{std::string_view("state_dict."), std::string_view("model_state_dict."),
                                std::string_view("module."), std::string_view("_orig_mod."),
                                std::string_view("base_model.model.")};

constexpr std::array k_components{
    Prefix{"lora_unet_", "unet", ""},
    Prefix{"lora_transformer_", "transformer", ""},
    Prefix{"lora_prior_unet_", "prior", ""},
    Prefix{"lora_te1_", "text_encoder", "te1_"},
    Prefix{"lora_te2_", "text_encoder_2", "te2_"},
    Prefix{"lora_te3_", "text_encoder_3", "te3_"},
    Prefix{"lora_te_", "text_encoder", "te1_"},
    Prefix{"lycoris_", "", ""},
    Prefix{"unet.", "unet", ""},
    Prefix{"transformer.transformer_blocks.", "transformer", "transformer_blocks."},
    Prefix{"transformer.single_transformer_blocks.", "transformer", "single_transformer_blocks."},
    Prefix{"transformer.h.", "", "transformer.h."},
    Prefix{"transformer.wte", "", "transformer.wte"},
    Prefix{"transformer.wpe", "", "transformer.wpe"},
    Prefix{"transformer.word_embeddings", "", "transformer.word_embeddings"},
    Prefix{"transformer.encoder.", "", "transformer.encoder."},
    Prefix{"transformer.layers.", "", "transformer.layers."},
    Prefix{"transformer.", "transformer", ""},
    Prefix{"text_encoder_3.", "text_encoder_3", "te3_"},
    Prefix{"text_encoder_2.", "text_encoder_2", "te2_"},
    Prefix{"text_encoder.", "text_encoder", "te1_"},
    Prefix{"model.diffusion_model.", "transformer", ""},
    Prefix{"diffusion_model.", "transformer", ""},
};

/// Most of a table's entries differ from a name in their first letter.
bool begins_with(std::string_view name, std::string_view beginning) {
  return !name.empty() && name.front() == beginning.front() && name.starts_with(beginning);
}

std::string_view without_wrappers(std::string_view name) {
  const auto strip = [&name](std::string_view wrapper) {
    const bool there = begins_with(name, wrapper);
    name.remove_prefix(there ? wrapper.size() : 0);
    return there;
  };
  while (std::any_of(k_wrappers.begin(), k_wrappers.end(), strip)) {
  }
  return name;
}

const Prefix* prefix_of(std::string_view name) {
  const auto* found = std::find_if(k_components.begin(), k_components.end(),
                                   [name](const Prefix& prefix) { return begins_with(name, prefix.spelled); });
  return found == k_components.end() ? nullptr : found;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// XLabs numbers the streams of a double block of Flux, which the model calls image and text; what it adds to the first rows
/// of linear1 has no name there.
struct Processor {
  std::string_view adapter;
  std::string_view base;
};
constexpr std::array k_xlabs_processors{Processor{".processor.qkv_lora1", ".img_attn.qkv"}, Processor{".processor.proj_lora1", ".img_attn.proj"},
                                        Processor{".processor.qkv_lora2", ".txt_attn.qkv"}, Processor{".processor.proj_lora2", ".txt_attn.proj"}};
constexpr std::string_view k_xlabs_output = ".processor.proj_lora";

// --- SDXL: the names of the original UNet, as sd-scripts has them, to those of diffusers ------------------------------

/// "input_blocks_4_1_rest" taken apart; nothing where the name is of another form.
struct BlockName {
  unsigned block = 0;
  unsigned part = 0;
  std::string_view rest;
};

std::optional<unsigned> take_number(std::string_view& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + std::min<std::size_t>(text.size(), 4), number);
  if (error != std::errc()) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<BlockName> block_name(std::string_view name, std::string_view kind) {
  if (!name.starts_with(kind)) {
    return std::nullopt;
  }
  auto rest = name.substr(kind.size());
  const auto block = take_number(rest);
  if (!block || !rest.starts_with('_')) {
    return std::nullopt;
  }
  rest.remove_prefix(1);
  const auto part = take_number(rest);
  if (!part || !rest.starts_with('_')) {
    return std::nullopt;
  }
  return BlockName{*block, *part, rest.substr(1)};
}

/// Of a residual block: LDM's numbered layers and diffusers' names.
std::string resnet_rest(std::string_view rest) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> k_layers{{
      {"in_layers_0", "norm1"}, {"in_layers_2", "conv1"}, {"emb_layers_1", "time_emb_proj"},
      {"out_layers_0", "norm2"}, {"out_layers_3", "conv2"}, {"skip_connection", "conv_shortcut"}}};
  for (const auto& [original, ours] : k_layers) {
    if (rest == original) {
      return std::string(ours);
    }
  }
  return std::string(rest);
}

bool is_attention(std::string_view rest) {
  return rest.starts_with("transformer_blocks_") || rest.starts_with("proj_") || rest == "norm";
}

std::string down_block(const BlockName& name) {
  if (name.rest == "op") {
    return "down_blocks_" + std::to_string(name.block / 3 - 1) + "_downsamplers_0_conv";
  }
  const auto where = "down_blocks_" + std::to_string((name.block - 1) / 3);
  const auto index = "_" + std::to_string((name.block - 1) % 3) + "_";
  return where + (is_attention(name.rest) ? "_attentions" : "_resnets") + index +
         (is_attention(name.rest) ? std::string(name.rest) : resnet_rest(name.rest));
}

std::string up_block(const BlockName& name) {
  const auto where = "up_blocks_" + std::to_string(name.block / 3);
  if (name.rest == "conv") {
    return where + "_upsamplers_0_conv";
  }
  const auto index = "_" + std::to_string(name.block % 3) + "_";
  return where + (is_attention(name.rest) ? "_attentions" : "_resnets") + index +
         (is_attention(name.rest) ? std::string(name.rest) : resnet_rest(name.rest));
}

/// middle_block_0 and _2 are residual blocks, _1 is the attention between them.
std::optional<std::string> middle_block(std::string_view name) {
  constexpr std::string_view k_kind = "middle_block_";
  if (!name.starts_with(k_kind)) {
    return std::nullopt;
  }
  auto rest = name.substr(k_kind.size());
  const auto part = take_number(rest);
  if (!part || *part > 2 || !rest.starts_with('_')) {
    return std::nullopt;
  }
  rest.remove_prefix(1);
  return *part == 1 ? "mid_block_attentions_0_" + std::string(rest)
                    : "mid_block_resnets_" + std::to_string(*part / 2) + "_" + resnet_rest(rest);
}

/// "label_emb_0_0" and "time_embed_0" stand outside of the blocks, as do the first and the last convolution.
std::string outside_blocks(std::string name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> k_names{{
      {"time_embed_0", "time_embedding_linear_1"}, {"time_embed_2", "time_embedding_linear_2"},
      {"label_emb_0_0", "add_embedding_linear_1"}, {"label_emb_0_2", "add_embedding_linear_2"},
      {"input_blocks_0_0", "conv_in"}, {"out_2", "conv_out"}}};
  for (const auto& [original, ours] : k_names) {
    if (name == original) {
      return std::string(ours);
    }
  }
  return name;
}

std::string unet_name(std::string name) {
  if (const auto block = block_name(name, "input_blocks_"); block && block->block > 0) {
    return block->rest == "op" && block->block % 3 != 0 ? name : down_block(*block);
  }
  if (const auto block = block_name(name, "output_blocks_")) {
    return up_block(*block);
  }
  if (auto middle = middle_block(name)) {
    return *middle;
  }
  return outside_blocks(std::move(name));
}

// --- llama.cpp: its names of a layer's matrices to those of transformers ----------------------------------------------

std::string gguf_name(std::string name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> k_layers{{
      {"attn_q", "self_attn_q_proj"}, {"attn_k", "self_attn_k_proj"}, {"attn_v", "self_attn_v_proj"},
      {"attn_output", "self_attn_o_proj"}, {"ffn_gate", "mlp_gate_proj"}, {"ffn_up", "mlp_up_proj"},
      {"ffn_down", "mlp_down_proj"}}};
  std::string_view rest = name;
  if (!rest.starts_with("blk_")) {
    return name;
  }
  rest.remove_prefix(4);
  const auto layer = take_number(rest);
  for (const auto& [original, ours] : k_layers) {
    if (layer && rest.starts_with('_') && rest.substr(1) == original) {
      return "model_layers_" + std::to_string(*layer) + "_" + std::string(ours);
    }
  }
  return name;
}

}  // namespace

std::string without_processor(std::string path) {
  constexpr std::string_view k_processor = ".processor.";
  constexpr std::string_view k_lora = "_lora";
  const auto at = path.find(k_processor);
  if (at == std::string::npos) {
    return path;
  }
  for (const auto& [adapter, base] : k_xlabs_processors) {
    if (path.ends_with(adapter)) {
      return path.substr(0, path.size() - adapter.size()) + std::string(base);
    }
  }
  if (path.find("single_blocks.") != std::string::npos && path.ends_with(k_xlabs_output)) {
    return path.substr(0, path.size() - k_xlabs_output.size()) + ".linear2";
  }
  if (!path.ends_with(k_lora)) {
    return path;
  }
  path.replace(at, k_processor.size(), ".");
  path.resize(path.size() - k_lora.size());
  return path.ends_with(".to_out") ? path + ".0" : path;
}

std::string_view component_of(std::string_view module) {
  const auto* prefix = prefix_of(without_wrappers(module));
  return prefix == nullptr ? std::string_view() : prefix->component;
}

std::string_view base_path(std::string_view module) {
  auto name = without_wrappers(module);
  const auto* prefix = prefix_of(name);
  if (prefix != nullptr && !prefix->component.empty()) {
    // What a prefix keeps of itself ("transformer.transformer_blocks.") is its end.
    const bool keeps = prefix->canonical.ends_with('.') && prefix->spelled.ends_with(prefix->canonical);
    name.remove_prefix(prefix->spelled.size() - (keeps ? prefix->canonical.size() : 0));
  }
  return name;
}

std::string canonical_name(std::string_view module) {
  auto rest = without_wrappers(module);
  std::string_view component;
  std::string name;
  if (const auto* prefix = prefix_of(rest)) {
    const bool encoder = prefix->canonical.starts_with("te");
    component = encoder ? prefix->canonical : std::string_view();
    rest.remove_prefix(prefix->spelled.size());
    name = encoder ? std::string_view() : prefix->canonical;
  }
  name = without_processor(name.empty() ? std::string(rest) : name.append(rest));
  replace_all(name, "_orig_mod.", "");
  std::replace(name.begin(), name.end(), '.', '_');
  return component.empty() ? gguf_name(unet_name(std::move(name))) : std::string(component) + name;
}

}  // namespace upinspect::lora
