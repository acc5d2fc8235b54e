// SPDX-License-Identifier: Apache-2.0
#include "report/json_writer.hpp"

#include "report/escape.hpp"
#include "report/utf8.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

namespace upinspect::report {
namespace {

/// The longest text of to_chars is that of a small negative double, 24 characters; ".0" may follow it.
constexpr std::size_t k_longest_number = 32;

/// Texts of up to so many characters are put together with what stands before and after them.
constexpr std::size_t k_short = 4096;

/// What stands between two members, up to a depth that few documents reach.
constexpr std::string_view k_separator = ",\n                                ";
constexpr auto k_levels = (k_separator.size() - 3) / 2;

/// Keys and most values are a few characters long: a call of memcpy would cost more than they do.
char* put_short(char* to, std::string_view text) noexcept {
  const auto size = text.size();
  const auto* from = text.data();
  if (size > 16) {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + size - 4, from + size - 4, 4);
  } else {
    for (std::size_t i = 0; i < size; ++i) {
      to[i] = from[i];
    }
  }
  return to + size;
}

char* put_quoted(char* to, std::string_view text) noexcept {
  *to++ = '"';
  to = put_short(to, text);
  *to++ = '"';
  return to;
}

template <class T>
char* put_number(char* to, T number) {
  if (number >= 0 && number < 10) {
    *to = static_cast<char>('0' + number);
    return to + 1;
  }
  return std::to_chars(to, to + k_longest_number, number).ptr;
}

void put_double(OutBuffer& out, double number) {
  auto* const start = out.room(k_longest_number);
  auto* end = std::to_chars(start, start + k_longest_number, number).ptr;
  const std::string_view text(start, static_cast<std::size_t>(end - start));
  if (text.find_first_of(".e") == std::string_view::npos) {
    *end++ = '.';
    *end++ = '0';
  }
  out.end_at(end);
}

}  // namespace

JsonWriter::JsonWriter(Sink sink, JsonLayout layout) : m_out(std::move(sink)), m_layout(layout) {}

JsonWriter::JsonWriter(const JsonWriter& document, Sink sink) : m_out(std::move(sink)), m_layout(document.m_layout), m_scopes(document.m_scopes) {
  m_scopes.back().empty = false;
}

void JsonWriter::open(char opener, char closer, JsonScope layout) {
  auto* const at = value_room(1);
  *at = opener;
  m_out.end_at(at + 1);
  const auto inside_row = !m_scopes.empty() && m_scopes.back().layout == JsonScope::row;
  m_scopes.push_back({closer, inside_row ? JsonScope::row : layout, true});
}

void JsonWriter::end() {
  assert(!m_scopes.empty() && !m_after_key);
  const auto scope = m_scopes.back();
  m_scopes.pop_back();
  if (!scope.empty && scope.layout == JsonScope::lines) {
    break_line();
  }
  m_out.put(scope.closer);
}

/// Room for what follows. Up to k_levels all of k_separator is copied, whatever is needed of it: the length is a constant then.
char* JsonWriter::behind_separator(std::size_t length) {
  if (m_scopes.empty() || m_scopes.size() > k_levels) {
    separate();
    return m_out.room(length);
  }
  auto* const at = m_out.room(k_separator.size() + length);
  auto& scope = m_scopes.back();
  const std::size_t comma = scope.empty ? 0 : 1;
  scope.empty = false;
  if (scope.layout == JsonScope::lines && m_layout == JsonLayout::pretty) {
    std::memcpy(at, k_separator.substr(1 - comma).data(), k_separator.size() - 1);
    return at + comma + 1 + 2 * m_scopes.size();
  }
  at[0] = ',';
  at[1] = ' ';  // written over where it is not wanted
  return at + (m_layout == JsonLayout::pretty ? 2 * comma : comma);
}

void JsonWriter::separate() {
  if (m_scopes.empty()) {
    return;
  }
  auto& scope = m_scopes.back();
  if (!scope.empty) {
    m_out.put(',');
  }
  if (scope.layout == JsonScope::lines) {
    break_line();
  } else if (!scope.empty && m_layout == JsonLayout::pretty) {
    m_out.put(' ');
  }
  scope.empty = false;
}

void JsonWriter::break_line() {
  if (m_layout == JsonLayout::pretty) {
    m_out.put(k_separator.substr(1, 1 + 2 * std::min(m_scopes.size(), k_levels)));
    for (std::size_t level = k_levels; level < m_scopes.size(); ++level) {
      m_out.put("  ");
    }
  }
}

char* JsonWriter::value_room(std::size_t length) {
  return std::exchange(m_after_key, false) ? m_out.room(length) : behind_separator(length);
}

void JsonWriter::before_value() { m_out.end_at(value_room(0)); }

JsonWriter& JsonWriter::key(std::string_view ours) {
  if (ours.size() > k_short) {
    return file_key(ours);
  }
  auto* at = put_quoted(behind_separator(ours.size() + 4), ours);
  at[0] = ':';
  at[1] = ' ';
  m_out.end_at(at + (m_layout == JsonLayout::pretty ? 2 : 1));
  m_after_key = true;
  return *this;
}

JsonWriter& JsonWriter::file_key(std::string_view raw) {
  separate();
  string(raw);
  m_out.put(m_layout == JsonLayout::pretty ? ": " : ":");
  m_after_key = true;
  return *this;
}

void JsonWriter::value(std::nullptr_t) { literal("null"); }

void JsonWriter::literal(std::string_view text) { m_out.end_at(put_short(value_room(text.size()), text)); }

void JsonWriter::integer(std::int64_t number) { m_out.end_at(put_number(value_room(k_longest_number), number)); }

void JsonWriter::integer(std::uint64_t number) { m_out.end_at(put_number(value_room(k_longest_number), number)); }

void JsonWriter::value(double number) {
  if (std::isnan(number)) {
    literal("\"nan\"");
  } else if (std::isinf(number)) {
    literal(number > 0 ? "\"inf\"" : "\"-inf\"");
  } else {
    before_value();
    put_double(m_out, number);
  }
}

void JsonWriter::value(std::string_view text) {
  m_sound = text.size() <= k_short && is_plain_json(text);
  if (m_sound) {
    m_out.end_at(put_quoted(value_room(text.size() + 2), text));
  } else {
    before_value();
    string(text);
  }
}

void JsonWriter::string(std::string_view text) {
  m_scratch.clear();
  m_sound = append_json_string(m_scratch, text);
  m_out.put(m_scratch);
}

void JsonWriter::file_text(std::string_view name, std::string_view raw) {
  member(name, raw);
  if (!m_sound) {
    auto name_hex = std::string(name);
    name_hex += "_hex";
    member(name_hex, hex(raw));
  }
}

void JsonWriter::file_text(std::string_view name, std::string_view before, std::string_view raw) {
  if (before.size() + raw.size() > k_short || !is_plain_json(before) || !is_plain_json(raw)) {
    file_text(name, std::string(before).append(raw));
    return;
  }
  key(name);
  auto* at = value_room(before.size() + raw.size() + 2);
  *at++ = '"';
  at = put_short(put_short(at, before), raw);
  *at++ = '"';
  m_out.end_at(at);
}

}  // namespace upinspect::report
