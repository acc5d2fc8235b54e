// SPDX-License-Identifier: Apache-2.0
#include "report/json_writer.hpp"

#include "report/escape.hpp"
#include "report/utf8.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

namespace upinspect::report {
namespace {

/// Large enough that a sink's cost does not count, small enough to stay in the cache.
constexpr std::size_t k_flush_at = std::size_t{64} << 10U;

/// The longest texts of to_chars are those of the smallest doubles, 24 characters.
using NumberText = std::array<char, 32>;

template <class T>
void append_number(std::string& out, T number) {
  NumberText text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  out.append(text.data(), end);
}

void append_double(std::string& out, double number) {
  const auto start = out.size();
  append_number(out, number);
  if (out.find_first_of(".e", start) == std::string::npos) {
    out += ".0";
  }
}

}  // namespace

JsonWriter::JsonWriter(Sink sink, JsonLayout layout) : m_sink(std::move(sink)), m_layout(layout) {
  m_buffer.reserve(k_flush_at + k_flush_at / 4);
}

void JsonWriter::open(char opener, char closer, JsonScope layout) {
  before_value();
  m_buffer.push_back(opener);
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
  m_buffer.push_back(scope.closer);
  if (m_buffer.size() >= k_flush_at) {
    flush();
  }
}

void JsonWriter::separate() {
  if (m_scopes.empty()) {
    return;
  }
  auto& scope = m_scopes.back();
  if (!scope.empty) {
    m_buffer.push_back(',');
  }
  if (scope.layout == JsonScope::lines) {
    break_line();
  } else if (!scope.empty && m_layout == JsonLayout::pretty) {
    m_buffer.push_back(' ');
  }
  scope.empty = false;
}

void JsonWriter::break_line() {
  if (m_layout == JsonLayout::pretty) {
    m_buffer.push_back('\n');
    m_buffer.append(m_scopes.size() * 2, ' ');
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
  m_buffer.push_back('"');
  m_buffer += ours;
  m_buffer += m_layout == JsonLayout::pretty ? "\": " : "\":";
  m_after_key = true;
  return *this;
}

JsonWriter& JsonWriter::file_key(std::string_view raw) {
  separate();
  append_json_string(m_buffer, raw);
  m_buffer += m_layout == JsonLayout::pretty ? ": " : ":";
  m_after_key = true;
  return *this;
}

void JsonWriter::value(std::nullptr_t) { literal("null"); }

void JsonWriter::literal(std::string_view text) {
  before_value();
  m_buffer += text;
}

void JsonWriter::integer(std::int64_t number) {
  before_value();
  append_number(m_buffer, number);
}

void JsonWriter::integer(std::uint64_t number) {
  before_value();
  append_number(m_buffer, number);
}

void JsonWriter::value(double number) {
  if (std::isnan(number)) {
    literal("\"nan\"");
  } else if (std::isinf(number)) {
    literal(number > 0 ? "\"inf\"" : "\"-inf\"");
  } else {
    before_value();
    append_double(m_buffer, number);
  }
}

void JsonWriter::value(std::string_view text) {
  before_value();
  append_json_string(m_buffer, text);
}

void JsonWriter::file_text(std::string_view name, std::string_view raw) {
  key(name);
  before_value();
  if (!append_json_string(m_buffer, raw)) {
    auto name_hex = std::string(name);
    name_hex += "_hex";
    member(name_hex, hex(raw));
  }
}

void JsonWriter::newline() { m_buffer.push_back('\n'); }

void JsonWriter::flush() {
  m_sink(m_buffer);
  m_buffer.clear();
}

}  // namespace upinspect::report
