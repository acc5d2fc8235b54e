// SPDX-License-Identifier: Apache-2.0
#include "report/utf8.hpp"

namespace upinspect::report {
namespace {

constexpr CodePoint k_invalid_byte{U'\uFFFD', 1, false};

/// What a lead byte promises: how many bytes follow, the bits it holds itself, and the range of the second byte, which
/// is where overlong forms, surrogates and values past the end of Unicode are kept out.
struct Lead {
  std::size_t following;
  unsigned bits;
  unsigned second_low;
  unsigned second_high;
};

[[nodiscard]] constexpr Lead lead_of(unsigned byte) noexcept {
  if (byte >= 0xc2 && byte <= 0xdf) {
    return {1, byte & 0x1fU, 0x80, 0xbf};
  }
  if (byte >= 0xe0 && byte <= 0xef) {
    return {2, byte & 0x0fU, byte == 0xe0 ? 0xa0U : 0x80U, byte == 0xed ? 0x9fU : 0xbfU};
  }
  if (byte >= 0xf0 && byte <= 0xf4) {
    return {3, byte & 0x07U, byte == 0xf0 ? 0x90U : 0x80U, byte == 0xf4 ? 0x8fU : 0xbfU};
  }
  return {0, 0, 0, 0};
}

[[nodiscard]] unsigned byte_at(std::string_view text, std::size_t position) noexcept {
  return static_cast<unsigned char>(text[position]);
}

}  // namespace

CodePoint decode(std::string_view text, std::size_t position) noexcept {
  const auto first = byte_at(text, position);
  if (first < 0x80) {
    return {first, 1, true};
  }
  const auto lead = lead_of(first);
  if (lead.following == 0) {
    return k_invalid_byte;
  }
  char32_t value = lead.bits;
  for (std::size_t i = 1; i <= lead.following; ++i) {
    const auto next = position + i < text.size() ? byte_at(text, position + i) : 0;
    const auto low = i == 1 ? lead.second_low : 0x80U;
    const auto high = i == 1 ? lead.second_high : 0xbfU;
    if (next < low || next > high) {
      return {U'\uFFFD', i, false};
    }
    value = (value << 6U) | (next & 0x3fU);
  }
  return {value, lead.following + 1, true};
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto point = decode(text, i);
    if (!point.valid) {
      return false;
    }
    i += point.length;
  }
  return true;
}

void append_utf8(std::string& out, char32_t point) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  const auto tail = [&put, point](unsigned shift) { put(0x80U | ((point >> shift) & 0x3fU)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0U | (point >> 6U));
    tail(0);
  } else if (point < 0x10000) {
    put(0xe0U | (point >> 12U));
    tail(6);
    tail(0);
  } else {
    put(0xf0U | (point >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string hex(std::string_view bytes) {
  static constexpr std::string_view k_digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    out.push_back(k_digits[value >> 4U]);
    out.push_back(k_digits[value & 0x0fU]);
  }
  return out;
}

}  // namespace upinspect::report
