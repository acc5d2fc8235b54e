// SPDX-License-Identifier: Apache-2.0
#include "report/json_outline.hpp"

namespace upinspect::report {
namespace {

[[nodiscard]] std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view k_space = " \t\r\n";
  const auto first = text.find_first_not_of(k_space);
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(k_space) - first + 1);
}

/// The position after the string that opens at `quote`; the end of the text where it never closes.
[[nodiscard]] std::size_t past_string(std::string_view text, std::size_t quote) noexcept {
  for (auto i = quote + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

}  // namespace

std::optional<JsonOutline> json_outline(std::string_view text) noexcept {
  const auto body = trim(text);
  if (body.size() < 2 || (body.front() != '{' && body.front() != '[')) {
    return std::nullopt;
  }
  JsonOutline outline{body.front() == '{', trim(body.substr(1, body.size() - 2)).empty() ? 0U : 1U};
  std::uint64_t depth = 0;
  for (std::size_t i = 0; i < body.size();) {
    const auto character = body[i];
    if (character == '"') {
      i = past_string(body, i);
      continue;
    }
    ++i;
    if (character == '{' || character == '[') {
      ++depth;
    } else if (character == '}' || character == ']') {
      if (--depth == 0) {
        return i == body.size() ? std::optional(outline) : std::nullopt;
      }
    } else if (character == ',' && depth == 1) {
      ++outline.members;
    }
  }
  return std::nullopt;
}

}  // namespace upinspect::report
