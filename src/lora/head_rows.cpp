// SPDX-License-Identifier: Apache-2.0
// llama.cpp's conversion/llama.py, LlamaModel.permute: row h d + s d / 2 + j of head h becomes h d + 2 j + s, for a head of d
// rows and s of 0 or 1; convert_lora_to_gguf.py does to the up half what it does to the weight. Classes that derive from it
// do so too (some with undo_permute set to False), and a few others: of those that are not listed here it is not known.
#include "lora/head_rows.hpp"

#include "lora/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace upinspect::lora {

namespace {

constexpr std::array<std::string_view, 16> k_as_they_were{"qwen2", "qwen2moe", "qwen3", "qwen3moe", "gemma", "gemma2", "gemma3", "gemma3n",
                                                          "starcoder2", "llama4", "apertus", "cohere2", "command-r", "olmo2", "olmoe", "phi2"};
constexpr std::array<std::string_view, 6> k_reordered{"arcee", "granite", "llama", "minicpm", "mistral3", "olmo"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_query(const AdapterModule& module) { return module.name.ends_with(".attn_q"); }

/// Of an adapter in GGUF, and not of an architecture whose rows stay.
bool concerns(const AdapterModule& module, const HeadCounts& heads) {
  const bool rows = module.name.starts_with("blk.") && (is_query(module) || module.name.ends_with(".attn_k"));
  return rows && !heads.architecture.empty() && !is_one_of(k_as_they_were, heads.architecture);
}

std::uint64_t heads_of(const AdapterModule& module, const HeadCounts& heads) { return is_query(module) ? heads.queries : heads.keys; }

}  // namespace

std::string why_rows_stay(const AdapterModule& module, const HeadCounts& heads) {
  if (!concerns(module, heads)) {
    return {};
  }
  if (!is_one_of(k_reordered, heads.architecture)) {
    return fmt::format("whether llama.cpp's converter reordered the rows of queries and keys for the architecture {} is not known", heads.architecture);
  }
  const auto count = heads_of(module, heads);
  if (count == 0) {
    return "llama.cpp's converter reordered the rows of queries and keys by heads, and there is no config.json beside the base "
           "that says num_attention_heads";
  }
  return module.out_features && *module.out_features % (2 * count) != 0 ? fmt::format("its {} rows are no {} heads", *module.out_features, count) : "";
}

std::vector<std::size_t> rows_in_order(const AdapterModule& module, const HeadCounts& heads, std::size_t rows) {
  const auto count = static_cast<std::size_t>(heads_of(module, heads));
  std::vector<std::size_t> from;
  if (!concerns(module, heads) || !is_one_of(k_reordered, heads.architecture) || count == 0 || rows == 0 || rows % (2 * count) != 0) {
    return from;
  }
  from.reserve(rows);
  const auto half = rows / count / 2;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto in_head = row % (2 * half);
    from.push_back(row - in_head + in_head % half * 2 + in_head / half);
  }
  return from;
}

template <typename Real>
void put_rows_back(const AdapterModule& module, const HeadCounts& heads, Matrix<Real>& up) {
  const auto from = rows_in_order(module, heads, up.rows);
  const auto old = from.empty() ? std::vector<Real>() : up.values;
  for (std::size_t row = 0; row < from.size(); ++row) {
    std::copy_n(old.begin() + static_cast<std::ptrdiff_t>(from[row] * up.columns), up.columns,
                up.values.begin() + static_cast<std::ptrdiff_t>(row * up.columns));
  }
}

HeadCounts head_counts(const Value& header, std::initializer_list<const Value*> sources) {
  HeadCounts out{as_text(header.find("general.architecture")), 0, 0};
  const auto own = out.architecture + ".attention.head_count";
  for (const auto* source : sources) {
    const auto* text = source->find("text_config");
    const auto& settings = text != nullptr && text->if_object() != nullptr ? *text : *source;
    const bool config = settings.find("num_attention_heads") != nullptr;
    if (const auto queries = as_count(settings.find(config ? "num_attention_heads" : own))) {
      out.queries = *queries;
      out.keys = as_count(settings.find(config ? "num_key_value_heads" : own + "_kv")).value_or(*queries);
      break;
    }
  }
  return out;
}

template void put_rows_back<float>(const AdapterModule&, const HeadCounts&, Matrix<float>&);
template void put_rows_back<double>(const AdapterModule&, const HeadCounts&, Matrix<double>&);

}  // namespace upinspect::lora
