// SPDX-License-Identifier: Apache-2.0
#include "analysis/metadata_texts.hpp"

namespace upinspect::analysis {

namespace {

constexpr std::size_t k_longest_list = 1024;
constexpr std::size_t k_deepest = 64;
constexpr std::size_t k_most_quoted = 120;
constexpr std::size_t k_most_text = std::size_t{16} << 20;

using Take = std::function<void(const std::string& key, std::string_view text)>;

void walk(const std::string& key, const Value& value, const Take& take, std::size_t depth) {
  if (const auto* text = value.if_string()) {
    take(key, *text);
  } else if (depth >= k_deepest) {
    return;
  } else if (const auto* list = value.if_array(); list != nullptr && list->size() <= k_longest_list) {
    for (const auto& entry : *list) {
      walk(key, entry, take, depth + 1);
    }
  } else if (const auto* members = value.if_object()) {
    for (const auto& member : *members) {
      walk(key, member.second, take, depth + 1);
    }
  }
}

}  // namespace

void for_each_text(const Value& metadata, const Take& take) {
  auto left = k_most_text;
  const Take limited = [&take, &left](const std::string& key, std::string_view text) {
    const auto taken = text.substr(0, left);
    left -= taken.size();
    take(key, taken);
  };
  if (const auto* members = metadata.if_object()) {
    for (const auto& [key, value] : *members) {
      walk(key, value, limited, 0);
    }
  }
}

std::string quoted(std::string_view text) {
  if (text.size() <= k_most_quoted) {
    return "\"" + std::string(text) + "\"";
  }
  auto end = k_most_quoted;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
    --end;
  }
  return "\"" + std::string(text.substr(0, end)) + "…\"";
}

}  // namespace upinspect::analysis
