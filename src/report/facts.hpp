// SPDX-License-Identifier: Apache-2.0
// The block of "label  value" lines that opens a text report.
#pragma once

#include "report/text_style.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::report {

/// Collects facts as finished lines: a dim label in a column of its own, and values wrapped beside it.
class Facts {
 public:
  /// `label_columns` is the width of the label column; the value of a longer label stands further right or below it.
  Facts(const TextStyle& style, std::size_t label_columns) : m_style(&style), m_label_columns(label_columns) {}

  /// Columns that a value has.
  [[nodiscard]] std::size_t value_columns() const noexcept;
  [[nodiscard]] const TextStyle& style() const noexcept { return *m_style; }

  /// `value` has passed the escaper; it is wrapped.
  void add(std::string_view label, std::string_view value, Tone tone = Tone::plain);

  /// Several texts: side by side with commas where they are short, else a line of its own for each.
  void add_list(std::string_view label, const std::vector<std::string>& values);

  /// Lines that are painted and fit already.
  void add_lines(std::string_view label, const std::vector<std::string>& lines);

  [[nodiscard]] const std::string& text() const noexcept { return m_text; }

 private:
  void add_line(std::string_view label, std::string_view value);

  const TextStyle* m_style;
  std::size_t m_label_columns;
  std::string m_text;
};

}  // namespace upinspect::report
