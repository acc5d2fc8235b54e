// SPDX-License-Identifier: Apache-2.0
// llama.cpp's gguf-py/gguf/tensor_mapping.py and conversion/*.py; the paths are those of transformers' ...ForCausalLM.
// conversion/gpt2.py transposes c_attn, c_fc and c_proj, which swaps a pair: lora_a is B^T (r x out), lora_b A^T (in x r).
#include "lora/llama_names.hpp"

#include "lora/values.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

namespace upinspect::lora {

namespace {

struct LayerName {
  std::string_view own;
  std::string_view theirs;
};

constexpr std::array k_llama_layers{
    LayerName{"attn_q", "self_attn.q_proj"}, LayerName{"attn_k", "self_attn.k_proj"}, LayerName{"attn_v", "self_attn.v_proj"},
    LayerName{"attn_output", "self_attn.o_proj"}, LayerName{"ffn_gate", "mlp.gate_proj"}, LayerName{"ffn_up", "mlp.up_proj"},
    LayerName{"ffn_down", "mlp.down_proj"}};
constexpr std::array k_starcoder2_layers{
    LayerName{"attn_q", "self_attn.q_proj"}, LayerName{"attn_k", "self_attn.k_proj"}, LayerName{"attn_v", "self_attn.v_proj"},
    LayerName{"attn_output", "self_attn.o_proj"}, LayerName{"ffn_up", "mlp.c_fc"}, LayerName{"ffn_down", "mlp.c_proj"}};
constexpr std::array k_phi2_layers{
    LayerName{"attn_q", "self_attn.q_proj"}, LayerName{"attn_k", "self_attn.k_proj"}, LayerName{"attn_v", "self_attn.v_proj"},
    LayerName{"attn_output", "self_attn.dense"}, LayerName{"ffn_up", "mlp.fc1"}, LayerName{"ffn_down", "mlp.fc2"}};
constexpr std::array k_phi3_layers{LayerName{"attn_qkv", "self_attn.qkv_proj"}, LayerName{"attn_output", "self_attn.o_proj"},
                                   LayerName{"ffn_up", "mlp.gate_up_proj"}, LayerName{"ffn_down", "mlp.down_proj"}};
constexpr std::array k_gpt2_layers{LayerName{"attn_qkv", "attn.c_attn"}, LayerName{"attn_output", "attn.c_proj"},
                                   LayerName{"ffn_up", "mlp.c_fc"}, LayerName{"ffn_down", "mlp.c_proj"}};

constexpr std::string_view k_gpt2 = "gpt2";

/// Those whose layers are called as Llama's.
constexpr std::array<std::string_view, 18> k_like_llama{
    "apertus", "arcee", "cohere2", "command-r", "gemma", "gemma2", "gemma3", "granite", "llama",
    "minicpm", "mistral3", "olmo", "olmo2", "olmoe", "qwen2", "qwen2moe", "qwen3", "qwen3moe"};

std::span<const LayerName> layers_of(std::string_view architecture) {
  if (std::find(k_like_llama.begin(), k_like_llama.end(), architecture) != k_like_llama.end()) {
    return k_llama_layers;
  }
  return architecture == "starcoder2" ? std::span<const LayerName>(k_starcoder2_layers)
         : architecture == "phi2"     ? std::span<const LayerName>(k_phi2_layers)
         : architecture == "phi3"     ? std::span<const LayerName>(k_phi3_layers)
         : architecture == k_gpt2     ? std::span<const LayerName>(k_gpt2_layers)
                                      : std::span<const LayerName>();
}

/// "3" and "attn_q" of "blk.3.attn_q"; empty where the name is of another form.
std::pair<std::string_view, std::string_view> block_and_layer(std::string_view module) {
  constexpr std::string_view k_before_number = "blk.";
  if (!module.starts_with(k_before_number)) {
    return {};
  }
  const auto rest = module.substr(k_before_number.size());
  const auto dot = rest.find('.');
  const auto digits = rest.find_first_not_of("0123456789");
  return dot == std::string_view::npos || dot == 0 || digits != dot || dot > 5 ? std::pair<std::string_view, std::string_view>()
                                                                           : std::pair(rest.substr(0, dot), rest.substr(dot + 1));
}

/// How many times larger a layer of GPT-2 is on one side than on the other: outputs by inputs; {1, 1} tells nothing.
std::pair<std::uint64_t, std::uint64_t> proportion(std::string_view layer) {
  return layer == "attn_qkv"   ? std::pair<std::uint64_t, std::uint64_t>{3, 1}
         : layer == "ffn_up"   ? std::pair<std::uint64_t, std::uint64_t>{4, 1}
         : layer == "ffn_down" ? std::pair<std::uint64_t, std::uint64_t>{1, 4}
                               : std::pair<std::uint64_t, std::uint64_t>{1, 1};
}

enum class Halves : std::uint8_t { unknown, straight, turned };

/// What the sizes of one pair tell.
Halves halves_of(const Draft& draft) {
  const auto* a = draft.part("down");
  const auto* b = draft.part("up");
  const auto [out, in] = proportion(block_and_layer(draft.name).second);
  constexpr std::uint64_t k_widest = std::uint64_t{1} << 32;
  if (out == in || a == nullptr || b == nullptr || a->shape.size() != 2 || b->shape.size() != 2 || a->shape[1] > k_widest || b->shape[0] > k_widest) {
    return Halves::unknown;
  }
  return b->shape[0] * in == a->shape[1] * out   ? Halves::straight
         : a->shape[1] * in == b->shape[0] * out ? Halves::turned
                                                 : Halves::unknown;
}

/// All pairs were written by one program: one that contradicts leaves it open.
Halves halves_of(const Drafts& drafts) {
  auto all = Halves::unknown;
  for (const auto& draft : drafts.modules) {
    const auto one = halves_of(draft);
    if (one != Halves::unknown && all != Halves::unknown && one != all) {
      return Halves::unknown;
    }
    all = one == Halves::unknown ? all : one;
  }
  return all;
}

void exchange_halves(Draft& draft) {
  for (auto& part : draft.parts) {
    part.role = part.role == "down" ? "up" : part.role == "up" ? "down" : part.role;
  }
  draft.turned = true;
}

}  // namespace

std::string transformers_path(std::string_view architecture, std::string_view module) {
  const auto layers = layers_of(architecture);
  const bool gpt2 = architecture == k_gpt2;
  if (layers.empty()) {
    return {};
  }
  if (module == "token_embd") {
    return gpt2 ? "transformer.wte" : "model.embed_tokens";
  }
  if (module == "output") {
    return "lm_head";
  }
  const auto [block, layer] = block_and_layer(module);
  const auto found = std::find_if(layers.begin(), layers.end(), [name = layer](const LayerName& entry) { return entry.own == name; });
  return found == layers.end() || block.empty()
             ? std::string()
             : std::string(gpt2 ? "transformer.h." : "model.layers.") + std::string(block) + "." + std::string(found->theirs);
}

void read_llama_names(Drafts& drafts, const Value& metadata) {
  const auto architecture = as_text(metadata.find("general.architecture"));
  const auto halves = architecture == k_gpt2 ? halves_of(drafts) : Halves::straight;
  for (auto& draft : drafts.modules) {
    if (draft.spelling != Spelling::gguf) {
      continue;
    }
    draft.in_by_out = architecture == k_gpt2 && !block_and_layer(draft.name).first.empty();
    if (draft.in_by_out && halves == Halves::turned) {
      exchange_halves(draft);
    }
    draft.path = draft.in_by_out && halves == Halves::unknown ? std::string() : transformers_path(architecture, draft.name);
  }
}

}  // namespace upinspect::lora
