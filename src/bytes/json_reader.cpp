// SPDX-License-Identifier: Apache-2.0
#include "bytes/json_reader.hpp"

#include "bytes/byte_runs.hpp"
#include "bytes/limit_reached.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <span>

namespace upinspect::bytes {

namespace {

// serde_json's recursion limit: 128 levels, the value inside the last one not counted.
constexpr std::size_t k_depth_limit = 127;
constexpr std::size_t k_longest_token = std::size_t{1} << 20;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<double> to_finite_double(std::string_view text) {
  const std::string terminated(text);
  const double value = std::strtod(terminated.c_str(), nullptr);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

void JsonReader::fail_at(std::uint64_t offset, const std::string& why) {
  const bool at_its_end = m_base + m_text.size() <= offset && (m_source == nullptr || m_next == m_end);
  ParseError error(offset, m_field, why);
  error.truncated = at_its_end;
  throw error;
}

/// Gives up what was read, but for a token that is not over, and takes the next stretch.
bool JsonReader::refill() {
  if (m_source == nullptr || m_next == m_end) {
    return false;
  }
  const auto kept_from = std::min(m_token, m_position);
  if (m_text.size() - kept_from > k_longest_token) {
    throw LimitReached(m_field + ": a number of more than a megabyte is not read");
  }
  m_held.erase(0, kept_from);
  m_base += kept_from;
  m_position -= kept_from;
  m_token -= m_token == k_nothing ? 0 : kept_from;
  const auto kept = m_held.size();
  const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(m_stretch, m_end - m_next));
  m_held.resize(kept + more);
  m_source->read_at(m_next, std::as_writable_bytes(std::span(m_held)).subspan(kept));
  m_next += more;
  m_text = m_held;
  return true;
}

std::string_view JsonReader::ahead(std::size_t length) {
  while (m_text.size() - m_position < length && refill()) {
  }
  return m_text.substr(m_position, length);
}

void JsonReader::pass_space() {
  while (!at_end()) {
    const char c = m_text[m_position];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
      return;
    }
    ++m_position;
  }
}

JsonKind JsonReader::peek() {
  pass_space();
  if (at_end()) {
    fail("ends where a value was expected");
  }
  switch (m_text[m_position]) {
    case '{': return JsonKind::object;
    case '[': return JsonKind::array;
    case '"': return JsonKind::string;
    case 't':
    case 'f': return JsonKind::boolean;
    case 'n': return JsonKind::null;
    default: break;
  }
  if (m_text[m_position] == '-' || is_digit(m_text[m_position])) {
    return JsonKind::number;
  }
  fail("has no JSON value here (expected value)");
}

void JsonReader::expect(char wanted, const char* what) {
  pass_space();
  if (at_end()) {
    fail(std::string("ends where ") + what + " was expected");
  }
  if (m_text[m_position] != wanted) {
    fail(std::string("expected ") + what);
  }
  ++m_position;
}

void JsonReader::expect_word(std::string_view word) {
  if (ahead(word.size()) != word) {
    fail("expected " + std::string(word));
  }
  m_position += word.size();
}

void JsonReader::open() {
  if (m_started.size() >= k_depth_limit) {
    fail("is nested deeper than 127 levels (recursion limit exceeded)");
  }
  m_started.push_back(false);
}

void JsonReader::enter_object() {
  expect('{', "an object");
  open();
}

void JsonReader::enter_array() {
  expect('[', "an array");
  open();
}

bool JsonReader::next_key(std::string& key) {
  pass_space();
  if (current() == '}') {
    ++m_position;
    m_started.pop_back();
    return false;
  }
  if (m_started.back()) {
    expect(',', "a comma or the end of the object");
    pass_space();
    if (current() == '}') {
      fail("has a trailing comma");
    }
  }
  m_started.back() = true;
  if (!at_end() && current() != '"') {
    fail("has a key that is not a string (key must be a string)");
  }
  if (!string_up_to(key, m_longest_string)) {
    too_long();
  }
  expect(':', "a colon");
  return true;
}

bool JsonReader::next_element() {
  pass_space();
  if (current() == ']') {
    ++m_position;
    m_started.pop_back();
    return false;
  }
  if (m_started.back()) {
    expect(',', "a comma or the end of the array");
    pass_space();
    if (current() == ']') {
      fail("has a trailing comma");
    }
  }
  m_started.back() = true;
  return true;
}

std::string JsonReader::string() {
  std::string out;
  if (!string_up_to(out, m_longest_string)) {
    too_long();
  }
  return out;
}

void JsonReader::too_long() const { throw LimitReached(m_field + ": a string would take more memory than is allowed"); }

bool JsonReader::string_up_to(std::string& out, std::uint64_t most) {
  out.clear();
  bool whole = true;
  const auto keep = [&](std::string_view piece) {
    whole = whole && piece.size() <= most - out.size();
    out.append(whole ? piece : std::string_view());
  };
  expect('"', "a string");
  std::string escaped;
  for (;;) {
    const auto run = m_position;
    m_position += json_string_run(m_text.substr(m_position));
    keep(m_text.substr(run, m_position - run));
    if (m_position >= m_text.size()) {
      if (!refill()) {
        fail("ends inside a string");
      }
      continue;
    }
    const char c = m_text[m_position];
    if (c == '"') {
      ++m_position;
      return whole;
    }
    if (c != '\\') {
      fail("has a raw control character (U+0000 to U+001F) in a string");
    }
    escaped.clear();
    append_escape(escaped);
    keep(escaped);
  }
}

std::uint32_t JsonReader::hex4() {
  std::uint32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(current());
    if (digit < 0) {
      fail("has a bad \\u escape: four hex digits were expected");
    }
    unit = unit * 16 + static_cast<std::uint32_t>(digit);
    ++m_position;
  }
  return unit;
}

void JsonReader::append_escape(std::string& out) {
  ++m_position;
  const char c = current();
  static constexpr std::string_view k_letters = "\"\\/bfnrt";
  static constexpr std::string_view k_meanings = "\"\\/\b\f\n\r\t";
  if (const auto at = k_letters.find(c); at != std::string_view::npos) {
    out.push_back(k_meanings[at]);
    ++m_position;
    return;
  }
  if (c != 'u') {
    fail("has an escape that JSON does not know");
  }
  ++m_position;
  auto point = hex4();
  if (point >= 0xdc00 && point <= 0xdfff) {
    fail("has a lone surrogate in a \\u escape");
  }
  if (point >= 0xd800 && point <= 0xdbff) {
    if (ahead(2) != "\\u") {
      fail("has a lone surrogate in a \\u escape (unexpected end of hex escape)");
    }
    m_position += 2;
    const auto low = hex4();
    if (low < 0xdc00 || low > 0xdfff) {
      fail("has a lone surrogate in a \\u escape");
    }
    point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
  }
  append_utf8(out, point);
}

void JsonReader::digits() {
  if (!is_digit(current())) {
    fail("has an invalid number");
  }
  while (is_digit(current())) {
    ++m_position;
  }
}

std::string_view JsonReader::number() {
  pass_space();
  const auto start = offset();
  m_token = m_position;
  if (current() == '-') {
    ++m_position;
  }
  if (current() == '0') {
    ++m_position;
    if (is_digit(current())) {
      fail("has an invalid number: a leading zero");
    }
  } else {
    digits();
  }
  if (current() == '.') {
    ++m_position;
    digits();
  }
  if (current() == 'e' || current() == 'E') {
    ++m_position;
    if (current() == '+' || current() == '-') {
      ++m_position;
    }
    digits();
  }
  const auto text = m_text.substr(m_token, m_position - m_token);
  m_token = k_nothing;
  if (text.size() > 18 && !to_finite_double(text)) {
    fail_at(start, "has a number out of range");
  }
  if (text.size() <= 18 && text.find_first_of("eE") != std::string_view::npos && !to_finite_double(text)) {
    fail_at(start, "has a number out of range");
  }
  return text;
}

std::uint64_t JsonReader::unsigned_integer() {
  const auto start = offset();
  if (peek() != JsonKind::number) {
    fail("expected an unsigned integer");
  }
  const auto text = number();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    fail_at(start, "expected an unsigned integer below 2^64, found " + std::string(text.substr(0, 40)));
  }
  return value;
}

bool JsonReader::boolean() {
  pass_space();
  if (current() == 't') {
    expect_word("true");
    return true;
  }
  expect_word("false");
  return false;
}

void JsonReader::null() {
  pass_space();
  expect_word("null");
}

void JsonReader::skip() {
  // The depth of what is being skipped; objects and arrays are told apart by a bit each.
  std::vector<bool> in_object;
  std::string key;
  for (;;) {
    switch (peek()) {
      case JsonKind::object: enter_object(); in_object.push_back(true); break;
      case JsonKind::array: enter_array(); in_object.push_back(false); break;
      case JsonKind::string: static_cast<void>(string_up_to(key, 0)); break;
      case JsonKind::number: static_cast<void>(number()); break;
      case JsonKind::boolean: static_cast<void>(boolean()); break;
      case JsonKind::null: null(); break;
    }
    while (!in_object.empty() && !(in_object.back() ? next_key(key) : next_element())) {
      in_object.pop_back();
    }
    if (in_object.empty()) {
      return;
    }
  }
}

void JsonReader::pay(std::uint64_t bytes) {
  if (bytes > m_tree_room) {
    throw LimitReached(m_field + ": its values would take more memory than is allowed");
  }
  m_tree_room -= bytes;
}

Value JsonReader::value() {
  constexpr std::uint64_t k_growth = 2;  // a list that grows has room to spare
  switch (peek()) {
    case JsonKind::object: {
      Value::Object members;
      enter_object();
      std::string key;
      while (next_key(key)) {
        pay(k_growth * sizeof(Value::Object::value_type) + key.size());
        members.emplace_back(key, value());
      }
      return members;
    }
    case JsonKind::array: {
      Value::Array elements;
      enter_array();
      while (next_element()) {
        pay(k_growth * sizeof(Value));
        elements.push_back(value());
      }
      return elements;
    }
    case JsonKind::string: {
      auto text = string();
      pay(text.size());
      return text;
    }
    case JsonKind::boolean: return boolean();
    case JsonKind::null: null(); return nullptr;
    case JsonKind::number: break;
  }
  const auto text = number();
  const bool integral = text.find_first_of(".eE") == std::string_view::npos;
  std::int64_t negative = 0;
  std::uint64_t positive = 0;
  if (integral && std::from_chars(text.data(), text.data() + text.size(), negative).ec == std::errc{}) {
    return negative;
  }
  if (integral && std::from_chars(text.data(), text.data() + text.size(), positive).ec == std::errc{}) {
    return positive;
  }
  return to_finite_double(text).value_or(0.0);
}

void JsonReader::expect_end() {
  pass_space();
  if (!at_end()) {
    fail("has characters after its end (trailing characters)");
  }
}

Value parse_json(std::string_view text, std::uint64_t base, const std::string& field, std::uint64_t most) {
  require_utf8(text, base, field);
  JsonReader reader(text, base, field);
  reader.limit_trees(most);
  auto value = reader.value();
  reader.expect_end();
  return value;
}

}  // namespace upinspect::bytes
