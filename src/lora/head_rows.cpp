// SPDX-License-Identifier: Apache-2.0
// convert_hf_to_gguf.py, LlamaModel.permute: row h d + s d / 2 + j of head h becomes h d + 2 j + s, for a head of d rows and
// s of 0 or 1; convert_lora_to_gguf.py does to the up half what it does to the weight. Classes for other architectures do so
// too, some with undo_permute set to False: of those that are not listed here it is not known.
#include "lora/head_rows.hpp"

#include "lora/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace upinspect::lora {

namespace {

constexpr std::array<std::string_view, 11> k_as_they_were{"qwen2", "qwen2moe", "qwen3", "qwen3moe", "gemma", "gemma2",
                                                          "gemma3", "gemma3n", "starcoder2", "llama4", "apertus"};
constexpr std::string_view k_reordered = "llama";

bool is_query(const AdapterModule& module) { return module.name.ends_with(".attn_q"); }

/// Of an adapter in GGUF, and not of an architecture whose rows stay.
bool concerns(const AdapterModule& module, const HeadCounts& heads) {
  const bool rows = module.name.starts_with("blk.") && (is_query(module) || module.name.ends_with(".attn_k"));
  return rows && !heads.architecture.empty() && std::find(k_as_they_were.begin(), k_as_they_were.end(), heads.architecture) == k_as_they_were.end();
}

std::uint64_t heads_of(const AdapterModule& module, const HeadCounts& heads) { return is_query(module) ? heads.queries : heads.keys; }

}  // namespace

std::string why_rows_stay(const AdapterModule& module, const HeadCounts& heads) {
  if (!concerns(module, heads)) {
    return {};
  }
  if (heads.architecture != k_reordered) {
    return fmt::format("whether llama.cpp's converter reordered the rows of queries and keys for the architecture {} is not known", heads.architecture);
  }
  const auto count = heads_of(module, heads);
  if (count == 0) {
    return "llama.cpp's converter reordered the rows of queries and keys by heads, and there is no config.json beside the base that says num_attention_heads";
  }
  return module.out_features && *module.out_features % (2 * count) != 0 ? fmt::format("its {} rows are no {} heads", *module.out_features, count) : "";
}

template <typename Real>
void put_rows_back(const AdapterModule& module, const HeadCounts& heads, Matrix<Real>& up) {
  const auto count = static_cast<std::size_t>(heads_of(module, heads));
  if (!concerns(module, heads) || count == 0 || up.rows % (2 * count) != 0) {
    return;
  }
  const auto old = up.values;
  const auto half = up.rows / count / 2;
  for (std::size_t row = 0; row < up.rows; ++row) {
    const auto in_head = row % (2 * half);
    const auto from = row - in_head + in_head % half * 2 + in_head / half;
    std::copy_n(old.begin() + static_cast<std::ptrdiff_t>(from * up.columns), up.columns, up.values.begin() + static_cast<std::ptrdiff_t>(row * up.columns));
  }
}

HeadCounts head_counts(const std::string& architecture, const Value& base_config) {
  const auto* text = base_config.find("text_config");
  const auto& settings = text != nullptr && text->if_object() != nullptr ? *text : base_config;
  HeadCounts out{architecture, as_count(settings.find("num_attention_heads")).value_or(0), 0};
  out.keys = as_count(settings.find("num_key_value_heads")).value_or(out.queries);
  return out;
}

template void put_rows_back<float>(const AdapterModule&, const HeadCounts&, Matrix<float>&);
template void put_rows_back<double>(const AdapterModule&, const HeadCounts&, Matrix<double>&);

}  // namespace upinspect::lora
