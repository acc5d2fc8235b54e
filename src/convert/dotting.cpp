// SPDX-License-Identifier: Apache-2.0
#include "convert/dotting.hpp"

#include <algorithm>
#include <array>

namespace upinspect::convert {

namespace {

/// Parts of paths in the base models for which kohya-style files are made, sorted: UNets as diffusers and as LDM name
/// them, CLIP and T5 text encoders, Flux, SD3, Wan, HunyuanVideo, Qwen-Image, Lumina, and language models.
constexpr std::array<std::string_view, 168> k_words{
    "DenseReluDense", "SelfAttention", "adaLN_modulation", "add_embedding", "add_k_proj", "add_q_proj", "add_v_proj",
    "attention", "attentions", "attn", "attn1", "attn2", "blk", "block", "blocks", "c_attn", "c_fc", "c_proj",
    "cap_embedder", "context_block", "context_embedder", "context_refiner", "conv", "conv1", "conv2", "conv_in",
    "conv_out", "conv_shortcut", "cross_attn", "dense", "dense_4h_to_h", "dense_h_to_4h", "double_blocks",
    "down_blocks", "down_proj", "downsamplers", "emb_layers", "embed_positions", "embed_tokens", "encoder", "fc1",
    "fc2", "feed_forward", "ff", "ff_context", "ffn", "final_layer", "gate_proj", "gate_up_proj",
    "guidance_embedder", "guidance_in", "h", "head", "img_attn", "img_emb", "img_in", "img_mlp", "img_mod",
    "in_layer", "in_layers", "input_blocks", "input_layer", "joint_blocks", "k", "k_img", "k_proj", "label_emb",
    "language_model", "layer", "layers", "lin", "linear", "linear1", "linear2", "linear_1", "linear_2", "lm_head",
    "mid_block", "middle_block", "mlp", "model", "modulation", "multi_modal_projector", "net", "noise_refiner",
    "norm", "norm1", "norm1_context", "norm2", "norm2_context", "norm3", "norm_out", "o", "o_proj", "op", "out",
    "out_layer", "out_layers", "out_proj", "output_blocks", "patch_embedding", "pos_embed", "proj", "proj_in",
    "proj_mlp", "proj_out", "q", "q_proj", "qkv", "qkv_proj", "query_key_value", "resnets", "self_attention",
    "self_attn", "shared", "single_blocks", "single_transformer_blocks", "skip_connection", "t_embedder",
    "text_embedder", "text_embedding", "text_model", "text_projection", "time_emb_proj", "time_embed",
    "time_embedding", "time_in", "time_projection", "time_text_embed", "timestep_embedder", "to_add_out", "to_k",
    "to_k_img", "to_out", "to_q", "to_v", "to_v_img", "token_embedding", "transformer", "transformer_blocks",
    "txt_attn", "txt_in", "txt_mlp", "txt_mod", "up_blocks", "up_proj", "upsamplers", "v", "v_img", "v_proj",
    "vector_in", "vision_model", "vision_tower", "visual", "visual_projection", "w1", "w2", "w3", "wi", "wi_0",
    "wi_1", "wo", "word_embeddings", "wpe", "wte", "x_block", "x_embedder", "y_embedder"};

/// Flux has img_attn.qkv, HunyuanVideo img_attn_qkv: the rest of their blocks tells which of the two it is.
constexpr std::array<std::string_view, 4> k_hunyuan_words{"img_attn_proj", "img_attn_qkv", "txt_attn_proj", "txt_attn_qkv"};
constexpr std::array<std::string_view, 3> k_flux_marks{"_img_mlp_0", "_img_mod_lin", "_txt_mlp_0"};
constexpr std::array<std::string_view, 3> k_hunyuan_marks{"_img_mlp_fc1", "_img_mod_linear", "_txt_mlp_fc1"};

template <std::size_t N>
bool any_ends_with(const std::vector<std::string>& names, const std::array<std::string_view, N>& marks) {
  return std::any_of(names.begin(), names.end(), [&marks](const std::string& name) {
    return std::any_of(marks.begin(), marks.end(), [&name](std::string_view mark) { return name.ends_with(mark); });
  });
}

bool is_number(std::string_view word) {
  return !word.empty() && word.size() <= 5 && word.find_first_not_of("0123456789") == std::string_view::npos;
}

constexpr std::size_t k_longest_name = 512;

/// The best readings of the first characters of a name: fewest words, and how many readings have that few.
struct Best {
  std::size_t words = SIZE_MAX;
  std::size_t readings = 0;
  std::size_t from = 0;
};

}  // namespace

std::string flattened(std::string_view path) {
  std::string name(path);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

Dotting::Dotting(const std::vector<std::string>& names) {
  const bool flux = any_ends_with(names, k_flux_marks);
  const bool hunyuan = any_ends_with(names, k_hunyuan_marks);
  if (hunyuan && !flux) {
    m_more_words.assign(k_hunyuan_words.begin(), k_hunyuan_words.end());
  }
  if (hunyuan == flux) {
    // Nothing tells: both readings of these must stay open, so that neither is taken.
    m_more_words.assign({"?"});
  }
}

bool Dotting::knows(std::string_view word) const {
  return is_number(word) || std::find(k_words.begin(), k_words.end(), word) != k_words.end() ||
         std::find(m_more_words.begin(), m_more_words.end(), word) != m_more_words.end();
}

std::optional<std::string> Dotting::dotted(std::string_view name) const {
  const bool undecided = !m_more_words.empty() && m_more_words.front() == "?";
  const bool disputed = std::any_of(k_hunyuan_words.begin(), k_hunyuan_words.end(),
                                    [name](std::string_view word) { return name.ends_with("_" + std::string(word)); });
  if (name.empty() || name.size() > k_longest_name || (undecided && disputed)) {
    return std::nullopt;
  }
  std::vector<Best> best(name.size() + 2);
  best[0] = {0, 1, 0};
  // best[i] is over the words that end right before position i - 1, where an underscore or the end stands.
  for (std::size_t end = 1; end <= name.size(); ++end) {
    if (end != name.size() && name[end] != '_') {
      continue;
    }
    for (std::size_t begin = 0; begin < end; ++begin) {
      const auto& before = best[begin];
      if (before.readings == 0 || !knows(name.substr(begin, end - begin))) {
        continue;
      }
      auto& here = best[end + 1];
      if (before.words + 1 < here.words) {
        here = {before.words + 1, before.readings, begin};
      } else if (before.words + 1 == here.words) {
        here.readings += before.readings;
      }
    }
  }
  if (best.back().readings != 1) {
    return std::nullopt;
  }
  std::string path(name);
  for (auto at = best.back().from; at != 0; at = best[at].from) {
    path[at - 1] = '.';
  }
  return path;
}

}  // namespace upinspect::convert
