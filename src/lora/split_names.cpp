// SPDX-License-Identifier: Apache-2.0
// diffusers loaders/lora_conversion_utils.py has these names and the order of the rows, x-flux src/flux/modules/layers.py
// what XLabs' pairs are added to.
#include "lora/split_names.hpp"

#include <algorithm>
#include <array>

namespace upinspect::lora {

namespace {

struct Renamed {
  std::string_view from;
  std::string_view to;
};

/// XLabs' pair for queries, keys and values of a single block, under its canonical name.
constexpr Renamed k_first_rows{"_qkv", "_linear1"};

/// llama.cpp's names of what stands outside of the layers, and transformers'.
constexpr std::array k_llama{Renamed{"token_embd", "model_embed_tokens"}, Renamed{"output", "lm_head"}};

struct Split {
  std::string_view end;
  std::array<std::string_view, 4> ends;
};

constexpr std::array k_double{
    Split{"_img_attn_qkv", {"_attn_to_q", "_attn_to_k", "_attn_to_v", ""}},
    Split{"_txt_attn_qkv", {"_attn_add_q_proj", "_attn_add_k_proj", "_attn_add_v_proj", ""}},
    Split{"_img_attn_proj", {"_attn_to_out_0", "", "", ""}},
    Split{"_txt_attn_proj", {"_attn_to_add_out", "", "", ""}},
    Split{"_img_mlp_0", {"_ff_net_0_proj", "", "", ""}},
    Split{"_img_mlp_2", {"_ff_net_2", "", "", ""}},
    Split{"_txt_mlp_0", {"_ff_context_net_0_proj", "", "", ""}},
    Split{"_txt_mlp_2", {"_ff_context_net_2", "", "", ""}},
    Split{"_img_mod_lin", {"_norm1_linear", "", "", ""}},
    Split{"_txt_mod_lin", {"_norm1_context_linear", "", "", ""}},
};
constexpr std::array k_single{
    Split{"_linear1", {"_attn_to_q", "_attn_to_k", "_attn_to_v", "_proj_mlp"}},
    Split{"_qkv", {"_attn_to_q", "_attn_to_k", "_attn_to_v", ""}},
    Split{"_linear2", {"_proj_out", "", "", ""}},
    Split{"_modulation_lin", {"_norm_linear", "", "", ""}},
};

constexpr std::string_view k_double_blocks = "double_blocks_";
constexpr std::string_view k_single_blocks = "single_blocks_";

/// "7" of "double_blocks_7_img_mlp_0"; empty where the name is of another form.
std::string_view number_after(std::string_view name, std::string_view kind) {
  if (!name.starts_with(kind)) {
    return {};
  }
  const auto end = name.find_first_not_of("0123456789", kind.size());
  return end == std::string_view::npos || end == kind.size() ? std::string_view() : name.substr(kind.size(), end - kind.size());
}

template <typename Table>
std::vector<std::string> by_table(const Table& table, std::string_view rest, const std::string& block) {
  std::vector<std::string> out;
  const auto found = std::find_if(table.begin(), table.end(), [rest](const Split& split) { return split.end == rest; });
  if (found != table.end()) {
    for (const auto end : found->ends) {
      if (!end.empty()) {
        out.push_back(block + std::string(end));
      }
    }
  }
  return out;
}

/// What follows the block's number in the name of a single block; empty for other names.
std::string_view rest_of_single(std::string_view canonical) {
  const auto number = number_after(canonical, k_single_blocks);
  return number.empty() ? std::string_view() : canonical.substr(k_single_blocks.size() + number.size());
}

}  // namespace

std::string name_in_base(const std::string& canonical) {
  for (const auto& [from, to] : k_llama) {
    if (canonical == from) {
      return std::string(to);
    }
  }
  return is_of_first_rows(canonical) ? canonical.substr(0, canonical.size() - k_first_rows.from.size()) + std::string(k_first_rows.to) : canonical;
}

bool is_of_first_rows(std::string_view canonical) { return rest_of_single(canonical) == k_first_rows.from; }

std::string layer_of_first_rows(std::string path) {
  constexpr std::string_view k_part = ".qkv";
  if (path.find("single_blocks.") != std::string::npos && path.ends_with(k_part)) {
    path.replace(path.size() - k_part.size(), k_part.size(), ".linear1");
  }
  return path;
}

std::vector<std::string> split_names(std::string_view canonical) {
  if (const auto number = number_after(canonical, k_double_blocks); !number.empty()) {
    const auto name = name_in_base(std::string(canonical));
    return by_table(k_double, std::string_view(name).substr(k_double_blocks.size() + number.size()), "transformer_blocks_" + std::string(number));
  }
  if (const auto number = number_after(canonical, k_single_blocks); !number.empty()) {
    const auto name = is_of_first_rows(canonical) ? std::string(canonical) : name_in_base(std::string(canonical));
    return by_table(k_single, std::string_view(name).substr(k_single_blocks.size() + number.size()), "single_transformer_blocks_" + std::string(number));
  }
  return {};
}

}  // namespace upinspect::lora
