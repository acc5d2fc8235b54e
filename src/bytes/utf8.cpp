// SPDX-License-Identifier: Apache-2.0
#include "bytes/byte_runs.hpp"
#include "bytes/json_reader.hpp"

#include <algorithm>
#include <span>

namespace upinspect::bytes {

namespace {

bool continues(std::string_view text, std::size_t at, unsigned char low = 0x80, unsigned char high = 0xbf) {
  if (at >= text.size()) {
    return false;
  }
  const auto byte = static_cast<unsigned char>(text[at]);
  return byte >= low && byte <= high;
}

/// The length of the well-formed sequence at `at` (Unicode, table 3-7); 0 where there is none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) {
    return 1;
  }
  if (lead >= 0xc2 && lead <= 0xdf) {
    return continues(text, at + 1) ? 2 : 0;
  }
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned char low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : 0xbf;
    return continues(text, at + 1, low, high) && continues(text, at + 2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned char low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xf4 ? 0x8f : 0xbf;
    return continues(text, at + 1, low, high) && continues(text, at + 2) && continues(text, at + 3) ? 4 : 0;
  }
  return 0;
}

/// The text's length without a character that its end may cut: one that begins within its last three bytes.
std::size_t whole_characters(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    if (static_cast<unsigned char>(text[text.size() - back]) >= 0xc0) {
      return text.size() - back;
    }
  }
  return text.size();
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    at += ascii_words(text.substr(at));
    if (at == text.size()) {
      break;
    }
    const auto length = sequence_length(text, at);
    if (length == 0) {
      return at;
    }
    at += length;
  }
  return std::string_view::npos;
}

void require_utf8(std::string_view text, std::uint64_t base, const std::string& field) {
  const auto bad = find_invalid_utf8(text);
  if (bad != std::string_view::npos) {
    throw ParseError(base + bad, field, "is not UTF-8");
  }
}

void require_utf8(const Source& source, ByteRange range, const std::string& field, std::size_t stretch) {
  std::string text;
  auto base = range.offset;
  for (auto next = base; next != range.end();) {
    const auto kept = text.size();
    const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(stretch, range.end() - next));
    text.resize(kept + more);
    source.read_at(next, std::as_writable_bytes(std::span(text)).subspan(kept));
    next += more;
    const auto sure = next == range.end() ? text.size() : whole_characters(text);
    require_utf8(std::string_view(text).substr(0, sure), base, field);
    text.erase(0, sure);
    base += sure;
  }
}

void append_utf8(std::string& out, char32_t point) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | (point >> 6));
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3f));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

}  // namespace upinspect::bytes
