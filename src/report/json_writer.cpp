// SPDX-License-Identifier: Apache-2.0
#include "report/json_writer.hpp"

#include "report/escape.hpp"
#include "report/utf8.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

namespace upinspect::report {
namespace {

/// The longest text of to_chars is that of a small negative double, 24 characters; ".0" may follow it.
constexpr std::size_t k_longest_number = 32;

template <class T>
void put_number(OutBuffer& out, T number) {
  auto* const start = out.room(k_longest_number);
  out.end_at(std::to_chars(start, start + k_longest_number, number).ptr);
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

JsonWriter::JsonWriter(const JsonWriter& document, Sink sink)
    : m_out(std::move(sink)), m_layout(document.m_layout), m_scopes(document.m_scopes) {
  m_scopes.back().empty = false;
}

void JsonWriter::open(char opener, char closer, JsonScope layout) {
  before_value();
  m_out.put(opener);
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
    constexpr std::string_view k_line = "\n                                ";
    constexpr auto k_levels = (k_line.size() - 1) / 2;
    m_out.put(k_line.substr(0, 1 + 2 * std::min(m_scopes.size(), k_levels)));
    for (std::size_t level = k_levels; level < m_scopes.size(); ++level) {
      m_out.put("  ");
    }
  }
}

void JsonWriter::before_value() {
  if (m_after_key) {
    m_after_key = false;
  } else {
    separate();
  }
}

JsonWriter& JsonWriter::key(std::string_view ours) {
  separate();
  m_out.put_between('"', ours, m_layout == JsonLayout::pretty ? "\": " : "\":");
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

void JsonWriter::literal(std::string_view text) {
  before_value();
  m_out.put(text);
}

void JsonWriter::integer(std::int64_t number) {
  before_value();
  put_number(m_out, number);
}

void JsonWriter::integer(std::uint64_t number) {
  before_value();
  put_number(m_out, number);
}

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
  before_value();
  string(text);
}

void JsonWriter::string(std::string_view text) {
  if (is_plain_json(text)) {
    m_sound = true;
    m_out.put_between('"', text, "\"");
    return;
  }
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
  if (!is_plain_json(before) || !is_plain_json(raw)) {
    file_text(name, std::string(before).append(raw));
    return;
  }
  key(name);
  before_value();
  m_out.put('"');
  m_out.put(before);
  m_out.put(raw);
  m_out.put('"');
}

}  // namespace upinspect::report
