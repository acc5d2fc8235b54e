// SPDX-License-Identifier: Apache-2.0
#include "report/diff_json.hpp"
#include "report/diff_words.hpp"

#include <algorithm>
#include <string>

namespace upinspect::report {
namespace {

/// Text beyond this is for --extract.
constexpr std::size_t k_most_text = 64U << 10U;

void write_layout(JsonWriter& out, const PayloadLayout& layout) {
  out.key("layout");
  out.begin_object();
  out.member("stream", word(layout.stream));
  out.file_text("tensor", layout.tensor);
  out.member("tensors", layout.tensors);
  out.member("start_element", layout.start_element);
  out.member("elements", layout.elements);
  out.member("bits", layout.bits);
  out.member("base_bit", layout.base_bit);
  out.member("field_order", word(layout.field_order));
  out.member("byte_order", word(layout.byte_order));
  out.member("element_order", layout.reversed ? "reverse" : "forward");
  out.member("stride", layout.stride);
  out.member("character_bits", layout.character_bits);
  out.end();
}

std::string hex_front(const std::vector<std::byte>& content) {
  constexpr std::string_view k_hex_digits = "0123456789abcdef";
  std::string hex;
  for (std::size_t i = 0; i < std::min<std::size_t>(64, content.size()); ++i) {
    const auto value = std::to_integer<std::size_t>(content[i]);
    hex += k_hex_digits[value >> 4U];
    hex += k_hex_digits[value & 15U];
  }
  return hex;
}

std::string text_of(const std::vector<std::byte>& content) {
  std::string text;
  for (std::size_t i = 0; i < std::min(k_most_text, content.size()); ++i) {
    text += std::to_integer<char>(content[i]);
  }
  return text;
}

void write_payload(JsonWriter& out, const Payload& payload) {
  out.begin_object();
  out.member("kind", payload.kind);
  out.member("title", payload.title);
  out.member("evidence", word(payload.evidence));
  out.member("size", payload.size);
  if (!payload.sha256.empty()) {
    out.member("sha256", payload.sha256);
  }
  if (payload.kind == "text" || payload.kind == "utf8") {
    out.file_text("text", text_of(payload.content));
  }
  out.member("hex", hex_front(payload.content));
  write_layout(out, payload.layout);
  out.member("p_value", payload.p_value);
  out.member("candidates_tried", payload.candidates_tried);
  if (payload.entropy > 0) {
    out.member("entropy", payload.entropy);
  }
  out.end();
}

}  // namespace

void write_payloads(JsonWriter& out, const std::vector<Payload>& payloads) {
  out.key("payloads");
  out.begin_array();
  for (const auto& payload : payloads) {
    write_payload(out, payload);
  }
  out.end();
}

}  // namespace upinspect::report
