// SPDX-License-Identifier: Apache-2.0
// After the lexical analysis chapter of the Python reference and, where that is silent, CPython 3.11's tokenizer.
#include "bytes/python_scanner.hpp"

#include "bytes/json_reader.hpp"

#include <algorithm>

namespace upinspect::bytes {

namespace {

// CPython's default of sys.set_int_max_str_digits.
constexpr std::size_t k_most_digits = 4300;

bool is_decimal(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_octal(char c) noexcept { return c >= '0' && c <= '7'; }
bool is_binary(char c) noexcept { return c == '0' || c == '1'; }
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_hexadecimal(char c) noexcept { return is_decimal(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }
// Every character beyond ASCII is taken for a letter: none of them means anything outside of strings and comments.
bool is_letter(char c) noexcept {
  return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_quote(char c) noexcept { return c == '\'' || c == '"'; }
bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\f'; }

unsigned digit_value(char c) noexcept {
  return is_decimal(c) ? static_cast<unsigned>(c - '0') : static_cast<unsigned>(lower(c) - 'a') + 10;
}

}  // namespace

PythonScanner::PythonScanner(std::string_view text, std::uint64_t base, const std::string& field, PythonRules rules)
    : m_text(text), m_base(base), m_field(field), m_rules(rules) {}

void PythonScanner::fail_at(std::uint64_t offset, const std::string& why) const { throw ParseError(offset, m_field, why); }

// --- White space ------------------------------------------------------------------------------------------------

bool PythonScanner::pass_line_end() noexcept {
  if (current() == '\r') {
    m_position += peek(1) == '\n' ? 2U : 1U;
    return true;
  }
  if (current() == '\n') {
    ++m_position;
    return true;
  }
  return false;
}

void PythonScanner::pass_comment() noexcept {
  if (current() == '#') {
    m_position = std::min(m_text.find_first_of("\r\n", m_position), m_text.size());
  }
}

/// A backslash at the end of a line joins it with the next.
bool PythonScanner::pass_joint() {
  if (current() != '\\') {
    return false;
  }
  advance();
  if (!pass_line_end()) {
    fail("unexpected character after a line continuation");
  }
  if (at_end()) {
    fail("the text ends after a line continuation");
  }
  return true;
}

void PythonScanner::pass_space(bool in_brackets) {
  for (;;) {
    if (is_blank(current())) {
      advance();
    } else if (in_brackets && current() == '#') {
      pass_comment();
    } else if (!(in_brackets && pass_line_end()) && !pass_joint()) {
      return;
    }
  }
}

void PythonScanner::pass_leading_lines() {
  // literal_eval strips spaces and tabs from the start.
  while (current() == ' ' || current() == '\t') {
    advance();
  }
  for (bool first = true;; first = false) {
    const bool indented = !first && (current() == ' ' || current() == '\t');
    pass_space(false);
    pass_comment();
    if (!pass_line_end()) {
      if (indented && !at_end()) {
        fail("unexpected indent");
      }
      return;
    }
  }
}

void PythonScanner::pass_trailing_lines() {
  pass_comment();
  while (!at_end()) {
    // numpy's filter takes blanks behind the last line feed away, CPython takes them for an indented line.
    const bool filtered = m_rules.long_suffix && current() == '\n';
    if (!pass_line_end()) {
      return;
    }
    const auto line = m_position;
    pass_space(false);
    const auto joined = m_text.substr(line, m_position - line).find('\\') != std::string_view::npos;
    if (at_end() && m_position > line && (joined || !filtered)) {
      fail("unexpected indent");
    }
    pass_comment();
  }
}

// --- Words and numbers ------------------------------------------------------------------------------------------

bool PythonScanner::at_number() const noexcept {
  return is_decimal(current()) || (current() == '.' && is_decimal(peek(1)));
}

bool PythonScanner::at_word() const noexcept { return is_letter(current()); }

std::string_view PythonScanner::word() {
  const auto start = m_position;
  while (is_letter(current()) || is_decimal(current())) {
    advance();
  }
  return m_text.substr(start, m_position - start);
}

/// Digits with single underscores between them; counts characters.
std::size_t PythonScanner::digits(bool (*is_digit)(char) noexcept) {
  const auto start = m_position;
  while (is_digit(current()) || (current() == '_' && m_position > start && is_digit(peek(1)))) {
    advance();
  }
  return m_position - start;
}

void PythonScanner::accumulate(PythonValue& value, std::string_view written, unsigned radix) const {
  if (radix == 10 && written.size() > k_most_digits) {
    fail_at(value.offset, "an integer of more than 4300 digits");
  }
  for (const char c : written) {
    if (c == '_') {
      continue;
    }
    value.wide = value.wide || __builtin_mul_overflow(value.magnitude, std::uint64_t{radix}, &value.magnitude) ||
                 __builtin_add_overflow(value.magnitude, std::uint64_t{digit_value(c)}, &value.magnitude);
  }
}

void PythonScanner::radix_integer(PythonValue& value, unsigned radix) {
  m_position += 2;
  // An underscore may follow the x, o or b.
  m_position += current() == '_' ? 1U : 0U;
  const auto start = m_position;
  if (digits(radix == 16 ? is_hexadecimal : radix == 8 ? is_octal : is_binary) == 0) {
    fail("a number without digits");
  }
  accumulate(value, m_text.substr(start, m_position - start), radix);
}

void PythonScanner::decimal(PythonValue& value) {
  const auto start = m_position;
  digits(is_decimal);
  const auto whole = m_text.substr(start, m_position - start);
  if (current() == '.') {
    value.kind = PythonKind::floating;
    advance();
    digits(is_decimal);
  }
  const bool sign = peek(1) == '+' || peek(1) == '-';
  if (lower(current()) == 'e' && is_decimal(peek(sign ? 2 : 1))) {
    value.kind = PythonKind::floating;
    m_position += sign ? 2U : 1U;
    digits(is_decimal);
  }
  if (lower(current()) == 'j') {
    value.kind = PythonKind::complex;
    advance();
  }
  if (value.kind != PythonKind::integer) {
    return;
  }
  if (whole.front() == '0' && whole.find_first_not_of("0_") != std::string_view::npos) {
    fail_at(value.offset, "leading zeros in a decimal integer");
  }
  accumulate(value, whole, 10);
}

/// Headers that Python 2 wrote have long integers. numpy drops every `L` that stands alone after a number.
void PythonScanner::pass_long_suffix() {
  for (;;) {
    const auto number_end = m_position;
    pass_space(false);
    if (current() != 'L' || is_letter(peek(1)) || is_decimal(peek(1))) {
      m_position = number_end;
      return;
    }
    advance();
  }
}

PythonValue PythonScanner::number() {
  PythonValue value;
  value.kind = PythonKind::integer;
  value.offset = offset();
  const auto radix = current() == '0' ? lower(peek(1)) : '\0';
  if (radix == 'x' || radix == 'o' || radix == 'b') {
    radix_integer(value, radix == 'x' ? 16 : radix == 'o' ? 8 : 2);
  } else {
    decimal(value);
  }
  value.text = since(value.offset);
  value.end = offset();
  if (m_rules.long_suffix) {
    pass_long_suffix();
  }
  if (is_letter(current()) || is_decimal(current())) {
    fail("a number runs into other characters");
  }
  return value;
}

// --- Strings ----------------------------------------------------------------------------------------------------

/// Letters right before a quote; npos where there is no string here.
std::size_t PythonScanner::prefix_length() const noexcept {
  std::size_t length = 0;
  while (length <= 2 && is_letter(peek(length))) {
    ++length;
  }
  return is_quote(peek(length)) && length <= 2 ? length : std::string_view::npos;
}

bool PythonScanner::at_string() const noexcept { return prefix_length() != std::string_view::npos; }

PythonValue PythonScanner::string() {
  PythonValue value;
  value.offset = offset();
  std::string prefix(m_text.substr(m_position, prefix_length()));
  std::transform(prefix.begin(), prefix.end(), prefix.begin(), lower);
  if (prefix.find('f') != std::string::npos) {
    fail("a formatted string is no literal");
  }
  if (!prefix.empty() && prefix != "r" && prefix != "u" && prefix != "b" && prefix != "br" && prefix != "rb") {
    fail("no string has the prefix " + prefix);
  }
  m_position += prefix.size();
  value.kind = prefix.find('b') != std::string::npos ? PythonKind::bytes : PythonKind::string;
  const bool triple = peek(1) == current() && peek(2) == current();
  const auto quotes = m_text.substr(m_position, triple ? 3 : 1);
  m_position += quotes.size();
  characters(value, quotes, prefix.find('r') != std::string::npos);
  value.end = offset();
  return value;
}

void PythonScanner::characters(PythonValue& value, std::string_view quotes, bool raw) {
  while (m_text.substr(m_position, quotes.size()) != quotes) {
    const bool line_end = current() == '\r' || current() == '\n';
    if (at_end() || (line_end && quotes.size() == 1)) {
      fail_at(value.offset, "a string that does not end");
    }
    if (line_end) {
      static_cast<void>(pass_line_end());
      value.text.push_back('\n');
    } else if (current() == '\\' && raw) {
      character(value);
      if (pass_line_end()) {
        value.text.push_back('\n');
      } else if (!at_end()) {
        character(value);
      }
    } else if (current() == '\\') {
      escape(value);
    } else {
      character(value);
    }
  }
  m_position += quotes.size();
}

void PythonScanner::character(PythonValue& value) {
  const auto byte = static_cast<unsigned char>(current());
  if (byte >= 0x80 && value.is(PythonKind::bytes)) {
    fail("bytes can hold only ASCII characters as they stand");
  }
  if (byte >= 0x80 && m_rules.encoding == PythonText::latin1) {
    append_utf8(value.text, byte);
  } else {
    value.text.push_back(current());
  }
  advance();
}

void PythonScanner::append(PythonValue& value, char32_t character) const {
  if (value.is(PythonKind::bytes)) {
    value.text.push_back(static_cast<char>(static_cast<unsigned char>(character)));
  } else {
    append_utf8(value.text, character);
  }
}

void PythonScanner::octal_escape(PythonValue& value) {
  char32_t code = 0;
  for (int i = 0; i < 3 && is_octal(current()); ++i) {
    code = code * 8 + digit_value(current());
    advance();
  }
  append(value, code);
}

char32_t PythonScanner::hex_escape(std::size_t count) {
  char32_t code = 0;
  advance();
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_hexadecimal(current())) {
      fail("an escape with too few hexadecimal digits");
    }
    code = code * 16 + digit_value(current());
    advance();
  }
  if (code > 0x10ffff) {
    fail("an escape beyond the last character of Unicode");
  }
  return code;
}

void PythonScanner::escape(PythonValue& value) {
  constexpr std::string_view k_letters = "\\'\"abfnrtv";
  constexpr std::string_view k_meanings = "\\'\"\a\b\f\n\r\t\v";
  advance();
  if (pass_line_end()) {
    return;
  }
  const auto simple = at_end() ? std::string_view::npos : k_letters.find(current());
  const bool characters = value.is(PythonKind::string);
  if (simple != std::string_view::npos) {
    value.text.push_back(k_meanings[simple]);
    advance();
  } else if (is_octal(current())) {
    octal_escape(value);
  } else if (current() == 'x') {
    append(value, hex_escape(2));
  } else if (characters && (current() == 'u' || current() == 'U')) {
    append(value, hex_escape(current() == 'u' ? 4 : 8));
  } else if (characters && current() == 'N') {
    fail("characters by name (\\N{...}) are not read");
  } else {
    // An unknown escape stands for itself, backslash and all.
    value.text.push_back('\\');
  }
}

}  // namespace upinspect::bytes
