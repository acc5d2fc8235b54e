// SPDX-License-Identifier: Apache-2.0
#include "lora/values.hpp"

#include "bytes/json_reader.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace upinspect::lora {

namespace {

/// Metadata can be as long as a header: what is parsed once more is not.
constexpr std::size_t k_most_embedded = std::size_t{16} << 20;

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<double> as_number(const Value* value) {
  if (value == nullptr) {
    return std::nullopt;
  }
  if (const auto* text = value->if_string()) {
    return parse_number(*text);
  }
  if (const auto* number = std::get_if<double>(&value->data)) {
    return std::isfinite(*number) ? std::optional(*number) : std::nullopt;
  }
  if (const auto* number = std::get_if<std::int64_t>(&value->data)) {
    return static_cast<double>(*number);
  }
  if (const auto* number = std::get_if<std::uint64_t>(&value->data)) {
    return static_cast<double>(*number);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> as_count(const Value* value) {
  constexpr double k_largest_exact = 9007199254740992.0;
  const auto number = as_number(value);
  if (!number || *number < 1 || *number > k_largest_exact || std::floor(*number) != *number) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(*number);
}

bool is_true(const Value* value) {
  if (value == nullptr) {
    return false;
  }
  if (const auto* truth = std::get_if<bool>(&value->data)) {
    return *truth;
  }
  const auto* text = value->if_string();
  return text != nullptr && (*text == "True" || *text == "true");
}

std::string as_text(const Value* value) {
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : *text;
}

Value embedded_json(const Value& metadata, const std::string& key) {
  const auto* held = metadata.find(key);
  const auto* text = held == nullptr ? nullptr : held->if_string();
  if (held != nullptr && held->if_object() != nullptr) {
    return *held;
  }
  if (text == nullptr || text->empty() || text->size() > k_most_embedded) {
    return nullptr;
  }
  try {
    return bytes::parse_json(*text, 0, key);
  } catch (const bytes::ParseError&) {
    return nullptr;
  }
}

std::string number_text(double number) { return fmt::format("{}", number); }

}  // namespace upinspect::lora
