// SPDX-License-Identifier: Apache-2.0
#include "formats/gguf_input.hpp"

#include <algorithm>

namespace upinspect::formats::gguf {

namespace {

// ggml reads no string beyond this.
constexpr std::uint64_t k_longest_string = std::uint64_t{1} << 30;
constexpr std::uint64_t k_listed = 256;
// The rest of the memory is for what is measured and reported later.
constexpr std::uint64_t k_share = 4;

}  // namespace

Input::Input(model::Builder& target)
    : builder(target), in(target.cursor()), m_left(target.options().limits.memory / k_share) {}

std::optional<std::string> Input::text(std::string_view field) {
  const auto at = in.offset();
  const auto length = number<std::uint64_t>(field);
  if (length > k_longest_string) {
    in.fail_at(at, field, "string length " + std::to_string(length) + " exceeds the maximum " + std::to_string(k_longest_string));
  }
  if (length <= in.remaining() && !afford(length)) {
    in.skip(length, field);
    return std::nullopt;
  }
  return in.text(length, field, k_longest_string);
}

bool Input::afford(std::uint64_t size) noexcept {
  if (size > m_left) {
    return false;
  }
  m_left -= size;
  return true;
}

void Input::complain(const std::string& id, Severity severity, std::string message, ByteRange where, std::string tensor) {
  auto& count = m_counts[id];
  count.worst = std::max(count.worst, severity);
  if (count.found++ < k_listed) {
    builder.find(id, severity, std::move(message), where, std::move(tensor));
  }
}

void Input::close_complaints() {
  for (const auto& [id, count] : m_counts) {
    if (count.found > k_listed) {
      builder.find(id, count.worst, std::to_string(count.found - k_listed) + " more findings of this kind are not listed");
    }
  }
}

std::string quoted(std::string_view text) {
  constexpr std::size_t k_shown = 200;
  return "'" + std::string(text.substr(0, k_shown)) + (text.size() > k_shown ? "...'" : "'");
}

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace upinspect::formats::gguf
