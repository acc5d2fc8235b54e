// SPDX-License-Identifier: Apache-2.0
#include "report/table.hpp"

#include "report/width.hpp"

#include <algorithm>

namespace upinspect::report {

std::size_t Column::width() const {
  auto widest = display_width(header);
  for (const auto& cell : cells) {
    widest = std::max(widest, display_width(cell.text));
  }
  return widest;
}

Table::Table(std::span<const Column> columns, std::size_t gap, const TextStyle& style)
    : m_columns(columns), m_gap(gap), m_style(&style) {
  for (const auto& column : columns) {
    m_widths.push_back(column.width());
    m_width += m_widths.back() + (m_widths.size() > 1 ? gap : 0);
  }
}

template <class CellOf>
std::string Table::line(CellOf cell_of) const {
  std::string out;
  std::size_t owed = 0;  // Spaces due before the next text, so that no line ends in them.
  for (std::size_t i = 0; i < m_columns.size(); ++i) {
    const Cell cell = cell_of(m_columns[i]);
    const auto spare = m_widths[i] - std::min(m_widths[i], display_width(cell.text));
    const auto before = m_columns[i].align == Align::right ? spare : 0;
    if (!cell.text.empty()) {
      out.append(owed + before, ' ');
      out += paint(*m_style, cell.tone, cell.text);
      owed = 0;
    } else {
      owed += before;
    }
    owed += spare - before + m_gap;
  }
  return out;
}

std::string Table::header() const {
  return line([](const Column& column) { return Cell{column.header, Tone::dim}; });
}

std::string Table::row(std::size_t index) const {
  return line([index](const Column& column) { return column.cells[index]; });
}

}  // namespace upinspect::report
