// SPDX-License-Identifier: Apache-2.0
#include "pickle/escapes.hpp"

#include <cstdint>

namespace upinspect::pickle {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// `count` hexadecimal digits at `at`, which moves past them; nothing where there are fewer.
std::optional<std::uint32_t> take_hex(std::string_view text, std::size_t& at, unsigned count) {
  std::uint32_t value = 0;
  for (; count > 0; --count, ++at) {
    const int digit = at < text.size() ? hex_value(text[at]) : -1;
    if (digit < 0) {
      return std::nullopt;
    }
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return value;
}

/// Up to three octal digits; a value above 255 loses its high bit, as in Python.
char take_octal(std::string_view text, std::size_t& at) {
  unsigned value = 0;
  for (unsigned digits = 0; digits < 3 && at < text.size() && text[at] >= '0' && text[at] <= '7'; ++digits, ++at) {
    value = value * 8 + static_cast<unsigned>(text[at] - '0');
  }
  return static_cast<char>(value & 0xffU);
}

std::optional<char> simple_escape(char letter) {
  constexpr std::string_view k_letters = "\\'\"abfnrtv";
  constexpr std::string_view k_meanings = "\\'\"\a\b\f\n\r\t\v";
  const auto found = k_letters.find(letter);
  return found == std::string_view::npos ? std::nullopt : std::optional(k_meanings[found]);
}

/// One escape, at whose letter `at` stands. Unknown ones keep their backslash. False where it is malformed.
bool unescape(std::string_view text, std::size_t& at, std::string& out, std::string& why) {
  const char letter = text[at];
  if (const auto meaning = simple_escape(letter)) {
    out += *meaning;
    ++at;
  } else if (letter >= '0' && letter <= '7') {
    out += take_octal(text, at);
  } else if (letter == 'x') {
    const auto value = take_hex(text, ++at, 2);
    if (!value) {
      why = "has a \\x escape without two hexadecimal digits";
      return false;
    }
    out += static_cast<char>(*value);
  } else if (letter == '\n') {
    ++at;
  } else {
    out += '\\';
    out += letter;
    ++at;
  }
  return true;
}

}  // namespace

void Utf8Checker::lead(unsigned char byte) {
  m_sequence_start = m_position;
  m_low = 0x80;
  m_high = 0xbf;
  if (byte < 0x80) {
    return;
  }
  if (byte >= 0xc2 && byte <= 0xdf) {
    m_missing = 1;
  } else if (byte >= 0xe0 && byte <= 0xef) {
    m_missing = 2;
    m_low = byte == 0xe0 ? 0xa0 : 0x80;
    m_high = byte == 0xed && m_surrogates == Surrogates::refused ? 0x9f : 0xbf;
  } else if (byte >= 0xf0 && byte <= 0xf4) {
    m_missing = 3;
    m_low = byte == 0xf0 ? 0x90 : 0x80;
    m_high = byte == 0xf4 ? 0x8f : 0xbf;
  } else {
    m_bad = true;
  }
}

bool Utf8Checker::feed(std::string_view piece) {
  for (const char c : piece) {
    const auto byte = static_cast<unsigned char>(c);
    if (m_bad) {
      return false;
    }
    if (m_missing == 0) {
      lead(byte);
    } else if (byte < m_low || byte > m_high) {
      m_bad = true;
    } else {
      --m_missing;
      m_low = 0x80;
      m_high = 0xbf;
    }
    ++m_position;
  }
  return !m_bad;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

std::optional<std::string> decode_raw_unicode(std::string_view line, std::string& why) {
  std::string out;
  for (std::size_t at = 0; at < line.size();) {
    const char c = line[at++];
    if (c != '\\' || at >= line.size()) {
      append_utf8(out, static_cast<unsigned char>(c));
      continue;
    }
    const char letter = line[at++];
    if (letter != 'u' && letter != 'U') {
      out += '\\';
      append_utf8(out, static_cast<unsigned char>(letter));
      continue;
    }
    const auto value = take_hex(line, at, letter == 'u' ? 4 : 8);
    if (!value) {
      why = letter == 'u' ? "has a \\u escape without four hexadecimal digits"
                          : "has a \\U escape without eight hexadecimal digits";
      return std::nullopt;
    }
    if (*value > 0x10ffff) {
      why = "has an escape beyond U+10FFFF";
      return std::nullopt;
    }
    append_utf8(out, *value);
  }
  return out;
}

std::optional<std::string> decode_quoted(std::string_view line, std::string& why) {
  const bool quoted = line.size() >= 2 && line.front() == line.back() && (line.front() == '\'' || line.front() == '"');
  if (!quoted) {
    why = "must be quoted";
    return std::nullopt;
  }
  const auto text = line.substr(1, line.size() - 2);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c != '\\') {
      out += c;
    } else if (at >= text.size()) {
      why = "ends in a backslash";
      return std::nullopt;
    } else if (!unescape(text, at, out, why)) {
      return std::nullopt;
    }
  }
  return out;
}

std::string utf8_from_latin1(std::string_view latin1) {
  std::string out;
  out.reserve(latin1.size());
  for (const char c : latin1) {
    append_utf8(out, static_cast<unsigned char>(c));
  }
  return out;
}

std::optional<std::string> latin1_from_utf8(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  for (std::size_t at = 0; at < utf8.size(); ++at) {
    const auto byte = static_cast<unsigned char>(utf8[at]);
    if (byte < 0x80) {
      out += utf8[at];
    } else if ((byte == 0xc2 || byte == 0xc3) && at + 1 < utf8.size()) {
      out += static_cast<char>((byte & 3U) << 6U | (static_cast<unsigned char>(utf8[++at]) & 0x3fU));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace upinspect::pickle
