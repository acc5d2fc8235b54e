// SPDX-License-Identifier: Apache-2.0
// The deceptive code points are those of Unicode 14.0 with Default_Ignorable_Code_Point or Bidi_Control
// (DerivedCoreProperties.txt, PropList.txt), the general categories Cc, Zl, Zp, Zs (all but U+0020 and the visible
// U+1680 and U+3000), Co and Cs, interlinear and musical format controls, and the noncharacters.
#include "report/escape.hpp"

#include "report/code_range.hpp"
#include "report/utf8.hpp"
#include "report/width.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace upinspect::report {
namespace {

constexpr std::array<CodeRange, 32> k_deceptive = {{
    {0x0000, 0x001f}, {0x007f, 0x00a0}, {0x00ad, 0x00ad}, {0x034f, 0x034f}, {0x061c, 0x061c}, {0x115f, 0x1160},
    {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x2800, 0x2800},
    {0x3164, 0x3164}, {0xd800, 0xf8ff}, {0xfdd0, 0xfdef}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
    {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0x1fffe, 0x1ffff},
    {0x2fffe, 0x2ffff}, {0x3fffe, 0x3ffff}, {0x4fffe, 0x4ffff}, {0x5fffe, 0x5ffff}, {0x6fffe, 0x6ffff},
    {0x7fffe, 0x7ffff}, {0x8fffe, 0x8ffff}, {0x9fffe, 0x9ffff}, {0xafffe, 0x10ffff},
}};

constexpr std::string_view k_hex = "0123456789abcdef";
constexpr unsigned k_highest_pile_of_marks = 4;

void append_byte_escape(std::string& out, unsigned char byte) {
  out += "\\x";
  out.push_back(k_hex[byte >> 4U]);
  out.push_back(k_hex[byte & 0x0fU]);
}

void append_code_escape(std::string& out, char32_t point) {
  out += "\\u{";
  auto shift = 20U;
  while (shift > 4 && (point >> shift) == 0) {
    shift -= 4;
  }
  for (;; shift -= 4) {
    out.push_back(k_hex[(point >> shift) & 0x0fU]);
    if (shift == 0) {
      break;
    }
  }
  out.push_back('}');
}

/// Walks over a text and decides, code point by code point, whether it may be shown as it is.
class TerminalEscaper {
 public:
  TerminalEscaper(std::string_view raw, Charset charset) : m_raw(raw), m_charset(charset) {}

  [[nodiscard]] std::string run() {
    m_out.reserve(m_raw.size());
    for (std::size_t i = 0; i < m_raw.size();) {
      const auto point = decode(m_raw, i);
      put(point, i);
      i += point.length;
    }
    return std::move(m_out);
  }

 private:
  void put(const CodePoint& point, std::size_t at) {
    if (!point.valid) {
      for (std::size_t i = 0; i < point.length; ++i) {
        append_byte_escape(m_out, static_cast<unsigned char>(m_raw[at + i]));
      }
      m_has_base = false;
    } else if (must_spell(point)) {
      spell(point.value);
    } else {
      m_out.append(m_raw, at, point.length);
      if (point.value == U'\\' && backslash_would_mislead(at + 1)) {
        m_out.push_back('\\');
      }
      count_marks(point.value);
    }
  }

  void spell(char32_t point) {
    if (point < 0x80) {
      append_byte_escape(m_out, static_cast<unsigned char>(point));
    } else {
      append_code_escape(m_out, point);
    }
    m_has_base = false;
  }

  [[nodiscard]] bool must_spell(const CodePoint& point) const {
    if (point.value >= 0x20 && point.value < 0x7f) {
      return false;
    }
    if (m_charset == Charset::ascii || is_deceptive(point.value)) {
      return true;
    }
    return code_point_width(point.value) == 0 && (!m_has_base || m_marks >= k_highest_pile_of_marks);
  }

  [[nodiscard]] bool backslash_would_mislead(std::size_t next) const {
    if (next >= m_raw.size()) {
      return false;
    }
    const auto follower = decode(m_raw, next);
    if (follower.value == U'\\' || follower.value == U'x' || follower.value == U'u' || !follower.valid) {
      return true;
    }
    return follower.value < 0x20 || follower.value >= 0x7f;
  }

  void count_marks(char32_t point) {
    const auto is_mark = code_point_width(point) == 0;
    m_marks = is_mark ? m_marks + 1 : 0;
    m_has_base = true;
  }

  std::string_view m_raw;
  Charset m_charset;
  std::string m_out;
  unsigned m_marks = 0;
  bool m_has_base = false;
};

void append_json_unit(std::string& out, char32_t unit) {
  out += "\\u";
  for (auto shift = 12; shift >= 0; shift -= 4) {
    out.push_back(k_hex[(unit >> static_cast<unsigned>(shift)) & 0x0fU]);
  }
}

void append_json_escape(std::string& out, char32_t point) {
  switch (point) {
    case U'"': out += "\\\""; return;
    case U'\\': out += "\\\\"; return;
    case U'\n': out += "\\n"; return;
    case U'\r': out += "\\r"; return;
    case U'\t': out += "\\t"; return;
    default: break;
  }
  if (point >= 0x10000) {
    append_json_unit(out, 0xd800U + ((point - 0x10000U) >> 10U));
    append_json_unit(out, 0xdc00U + ((point - 0x10000U) & 0x3ffU));
  } else {
    append_json_unit(out, point);
  }
}

[[nodiscard]] bool is_plain_character(char character) noexcept {
  const auto byte = static_cast<unsigned char>(character);
  return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

constexpr std::uint64_t k_ones = 0x0101010101010101;
constexpr std::uint64_t k_tops = 0x80 * k_ones;

/// Of eight characters at a time. A byte's top bit tells: set where the byte is not plain, and maybe above such a one.
[[nodiscard]] std::uint64_t odd_among_eight(const char* text) noexcept {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, text, sizeof(bytes));
  const auto zero_in = [](std::uint64_t word) { return (word - k_ones) & ~word; };
  return bytes | (bytes - 0x20 * k_ones) | (bytes + k_ones) | zero_in(bytes ^ ('"' * k_ones)) | zero_in(bytes ^ ('\\' * k_ones));
}

}  // namespace

bool is_plain_json(std::string_view text) noexcept {
  if (text.size() < 8) {
    return std::all_of(text.begin(), text.end(), is_plain_character);
  }
  std::uint64_t odd = 0;
  for (std::size_t i = 0; i + 8 < text.size(); i += 8) {
    odd |= odd_among_eight(text.data() + i);
  }
  return ((odd | odd_among_eight(text.data() + text.size() - 8)) & k_tops) == 0;  // the last eight overlap those before
}

bool is_deceptive(char32_t point) noexcept { return contains(k_deceptive, point); }

std::string escape_terminal(std::string_view raw, Charset charset) { return TerminalEscaper(raw, charset).run(); }

bool append_json_string(std::string& out, std::string_view raw) {
  bool valid = true;
  out.push_back('"');
  for (std::size_t i = 0; i < raw.size();) {
    auto plain_end = i;
    while (plain_end < raw.size() && is_plain_character(raw[plain_end])) {
      ++plain_end;
    }
    out.append(raw, i, plain_end - i);
    i = plain_end;
    if (i == raw.size()) {
      break;
    }
    const auto point = decode(raw, i);
    if (!point.valid) {
      out += "\xef\xbf\xbd";
      valid = false;
    } else if (point.value == U'"' || point.value == U'\\' || is_deceptive(point.value)) {
      append_json_escape(out, point.value);
    } else {
      out.append(raw, i, point.length);
    }
    i += point.length;
  }
  out.push_back('"');
  return valid;
}

std::string percent_encoded(std::string_view raw, bool (*escapes)(char)) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(raw.size());
  for (const char character : raw) {
    if (!escapes(character)) {
      out.push_back(character);
      continue;
    }
    const auto byte = static_cast<unsigned char>(character);
    out.push_back('%');
    out.push_back(k_digits[byte >> 4U]);
    out.push_back(k_digits[byte & 0x0fU]);
  }
  return out;
}

}  // namespace upinspect::report
