// SPDX-License-Identifier: Apache-2.0
#include "lora/training_values.hpp"

#include "lora/values.hpp"

namespace upinspect::lora {

namespace {

constexpr std::size_t k_most_value_text = 1024;

}  // namespace

std::string shortened(std::string text) {
  if (text.size() <= k_most_value_text) {
    return text;
  }
  auto end = k_most_value_text;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
    --end;
  }
  text.resize(end);
  return text + "…";
}

std::string scalar_text(const Value* value) {
  if (value == nullptr) {
    return {};
  }
  if (const auto* text = value->if_string()) {
    return *text == "None" || *text == "null" ? std::string() : shortened(*text);
  }
  if (const auto* truth = std::get_if<bool>(&value->data)) {
    return *truth ? "True" : "False";
  }
  const auto number = as_number(value);
  return number ? number_text(*number) : std::string();
}

std::optional<std::uint64_t> whole_number(const Value* value) {
  const auto number = as_number(value);
  return number && *number == 0 ? std::optional<std::uint64_t>(0) : as_count(value);
}

}  // namespace upinspect::lora
