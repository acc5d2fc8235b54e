// SPDX-License-Identifier: Apache-2.0
// Columns of text that line up.
#pragma once

#include "report/text_style.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace upinspect::report {

/// Text that has passed the escaper, and how it is painted.
struct Cell {
  std::string text;
  Tone tone = Tone::plain;
};

enum class Align : std::uint8_t { left, right };

/// One column; all columns of a table have as many cells as it has rows.
struct Column {
  std::string header;
  Align align = Align::left;
  std::vector<Cell> cells;

  /// Of the widest cell or the header, in columns of the terminal.
  [[nodiscard]] std::size_t width() const;
};

/// Places columns beside each other, `gap` spaces apart. The last column is not padded on its right.
class Table {
 public:
  Table(std::span<const Column> columns, std::size_t gap, const TextStyle& style);

  [[nodiscard]] std::size_t width() const noexcept { return m_width; }
  [[nodiscard]] std::string header() const;
  [[nodiscard]] std::string row(std::size_t index) const;

 private:
  template <class CellOf>
  [[nodiscard]] std::string line(CellOf cell_of) const;

  std::span<const Column> m_columns;
  std::vector<std::size_t> m_widths;
  std::size_t m_gap;
  std::size_t m_width = 0;
  const TextStyle* m_style;
};

}  // namespace upinspect::report
