// SPDX-License-Identifier: Apache-2.0
#include "convert/json_text.hpp"

#include "inspect/digests.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <vector>

namespace upinspect::convert {

namespace {

/// Python's json.dumps for one value; `m_indent` of 0 means one line.
class PythonJson {
 public:
  explicit PythonJson(std::size_t indent) : m_indent(indent) {}

  std::string text(const Value& value) {
    write(value);
    return std::move(m_out);
  }

 private:
  void write(const Value& value) {
    std::visit([this](const auto& held) { put(held); }, value.data);
  }
  void put(std::nullptr_t) { m_out += "null"; }
  void put(bool truth) { m_out += truth ? "true" : "false"; }
  void put(std::int64_t number) { m_out += std::to_string(number); }
  void put(std::uint64_t number) { m_out += std::to_string(number); }
  void put(double number) { m_out += python_float(number); }
  void put(const std::string& text) { m_out += inspecting::ascii_json_string(text); }
  void put(const Value::Array& array);
  void put(const Value::Object& object);

  void separate(bool first) {
    m_out += first ? "" : m_indent == 0 ? ", " : ",";
    if (m_indent != 0) {
      m_out += "\n" + std::string(m_depth * m_indent, ' ');
    }
  }
  void close(char closer) {
    --m_depth;
    if (m_indent != 0) {
      m_out += "\n" + std::string(m_depth * m_indent, ' ');
    }
    m_out += closer;
  }

  std::size_t m_indent;
  std::size_t m_depth = 0;
  std::string m_out;
};

void PythonJson::put(const Value::Array& array) {
  if (array.empty()) {
    m_out += "[]";
    return;
  }
  m_out += '[';
  ++m_depth;
  for (std::size_t i = 0; i < array.size(); ++i) {
    separate(i == 0);
    write(array[i]);
  }
  close(']');
}

void PythonJson::put(const Value::Object& object) {
  if (object.empty()) {
    m_out += "{}";
    return;
  }
  // UTF-8 sorts by bytes as its code points do.
  std::vector<const Value::Object::value_type*> sorted;
  for (const auto& member : object) {
    sorted.push_back(&member);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  m_out += '{';
  ++m_depth;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    separate(i == 0);
    m_out += inspecting::ascii_json_string(sorted[i]->first) + ": ";
    write(sorted[i]->second);
  }
  close('}');
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view k_special = "\"\\\b\f\n\r\t";
  static constexpr std::string_view k_letters = "\"\\bfnrt";
  out += '"';
  for (const char c : text) {
    if (const auto at = k_special.find(c); at != std::string_view::npos) {
      out += '\\';
      out += k_letters[at];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escape.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string python_json(const Value& value) { return PythonJson(2).text(value); }

std::string python_json_line(const Value& value) { return PythonJson(0).text(value); }

std::string python_float(double number) {
  if (!std::isfinite(number)) {
    return std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
  }
  // repr uses an exponent outside of 1e-4 <= |x| < 1e16; to_chars chooses by length.
  const auto size = std::fabs(number);
  const bool plain = number == 0 || (size >= 1e-4 && size < 1e16);
  std::array<char, 64> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                          plain ? std::chars_format::fixed : std::chars_format::scientific);
  static_cast<void>(error);
  std::string text(buffer.data(), end);
  return plain && text.find('.') == std::string::npos ? text + ".0" : text;
}

}  // namespace upinspect::convert
