// SPDX-License-Identifier: Apache-2.0
// The words of Python literals: white space, names, numbers and strings.
#pragma once

#include "bytes/python_literal.hpp"

#include <string>
#include <string_view>

namespace upinspect::bytes {

/// Walks a text word by word. Positions count from the start of the text, errors from `base` on.
class PythonScanner {
 public:
  PythonScanner(std::string_view text, std::uint64_t base, const std::string& field, PythonRules rules);

  [[nodiscard]] bool at_end() const noexcept { return m_position == m_text.size(); }
  /// The character here, NUL at the end.
  [[nodiscard]] char current() const noexcept { return peek(0); }
  void advance() noexcept { m_position += at_end() ? 0U : 1U; }
  [[nodiscard]] std::size_t position() const noexcept { return m_position; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return m_base + m_position; }
  /// What was read since `offset()` was `start`.
  [[nodiscard]] std::string_view since(std::uint64_t start) const {
    return m_text.substr(static_cast<std::size_t>(start - m_base), static_cast<std::size_t>(offset() - start));
  }

  /// Spaces and joined lines; inside brackets, comments and line ends too.
  void pass_space(bool in_brackets);
  /// Blank lines and comments before the expression, whose line must not be indented then.
  void pass_leading_lines();
  /// What may follow an expression: blank lines and comments. Stops at anything else.
  void pass_trailing_lines();

  [[nodiscard]] bool at_number() const noexcept;
  [[nodiscard]] bool at_string() const noexcept;
  [[nodiscard]] bool at_word() const noexcept;

  [[nodiscard]] PythonValue number();
  /// One string literal with its prefix.
  [[nodiscard]] PythonValue string();
  /// A name, and the whole of what looks like one.
  [[nodiscard]] std::string_view word();

  [[noreturn]] void fail(const std::string& why) const { fail_at(offset(), why); }
  [[noreturn]] void fail_at(std::uint64_t offset, const std::string& why) const;

 private:
  [[nodiscard]] char peek(std::size_t ahead) const noexcept {
    return ahead < m_text.size() - m_position ? m_text[m_position + ahead] : '\0';
  }
  [[nodiscard]] bool pass_line_end() noexcept;
  void pass_comment() noexcept;
  bool pass_joint();
  [[nodiscard]] std::size_t prefix_length() const noexcept;

  std::size_t digits(bool (*is_digit)(char) noexcept);
  void radix_integer(PythonValue& value, unsigned radix);
  void decimal(PythonValue& value);
  void accumulate(PythonValue& value, std::string_view written, unsigned radix) const;
  void pass_long_suffix();

  void characters(PythonValue& value, std::string_view quotes, bool raw);
  void character(PythonValue& value);
  void escape(PythonValue& value);
  void octal_escape(PythonValue& value);
  [[nodiscard]] char32_t hex_escape(std::size_t count);
  void append(PythonValue& value, char32_t character) const;

  std::string_view m_text;
  std::uint64_t m_base;
  const std::string& m_field;
  PythonRules m_rules;
  std::size_t m_position = 0;
};

}  // namespace upinspect::bytes
