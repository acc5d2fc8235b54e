// SPDX-License-Identifier: Apache-2.0
#include "report/tensor_table.hpp"

#include "report/table.hpp"
#include "report/tensor_columns.hpp"
#include "report/tensor_names.hpp"
#include "report/units.hpp"
#include "report/width.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace upinspect::report {
namespace {

constexpr std::size_t k_most_rows = 40;
constexpr std::size_t k_head_rows = 30;
constexpr std::size_t k_tail_rows = 9;
constexpr std::size_t k_indent = 2;
constexpr std::size_t k_folded_indent = 4;

/// Which tensors are shown: all, or a head and a tail around `hidden` that are not.
struct Selection {
  std::vector<const Tensor*> rows;
  std::size_t head = 0;
  std::vector<const Tensor*> hidden;
};

[[nodiscard]] Selection select(const std::vector<Tensor>& tensors, const TextStyle& style) {
  Selection selection;
  const auto all = style.verbose() || tensors.size() <= k_most_rows;
  selection.head = all ? tensors.size() : k_head_rows;
  const auto tail = all ? tensors.size() : tensors.size() - k_tail_rows;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    (i < selection.head || i >= tail ? selection.rows : selection.hidden).push_back(&tensors[i]);
  }
  return selection;
}

[[nodiscard]] std::string hidden_line(const Selection& selection, const TextStyle& style) {
  const auto odd = std::count_if(selection.hidden.begin(), selection.hidden.end(), [](const Tensor* tensor) {
    return tensor->stats && (tensor->stats->nans != 0 || tensor->stats->infs != 0);
  });
  auto line = fmt::format("{} {} more", style.ellipsis(), thousands(selection.hidden.size()));
  if (odd != 0) {
    line += fmt::format(", {} of them with NaN or infinities", thousands(static_cast<std::uint64_t>(odd)));
  }
  line += " (use --verbose or --format json)";
  return std::string(k_indent, ' ') + paint(style, odd != 0 ? Tone::warning : Tone::dim, line) + "\n";
}

/// One way to lay the table out.
struct Layout {
  TableLevel level;
  Spacing spacing;
  NameStyle names;
};

/// From the richest to the leanest; the first that fits is taken, and where none does, names get lines of their own.
constexpr std::array<Layout, 12> k_layouts = {{
    {TableLevel::everything, Spacing::wide, NameStyle::whole},
    {TableLevel::everything, Spacing::wide, NameStyle::core},
    {TableLevel::planes, Spacing::wide, NameStyle::whole},
    {TableLevel::planes, Spacing::wide, NameStyle::core},
    {TableLevel::standard, Spacing::wide, NameStyle::whole},
    {TableLevel::standard, Spacing::wide, NameStyle::core},
    {TableLevel::standard, Spacing::tight, NameStyle::whole},
    {TableLevel::standard, Spacing::tight, NameStyle::core},
    {TableLevel::standard, Spacing::tight, NameStyle::cut},
    {TableLevel::no_entropy, Spacing::tight, NameStyle::short_only},
    {TableLevel::range, Spacing::tight, NameStyle::short_only},
    {TableLevel::bare, Spacing::tight, NameStyle::short_only},
}};

[[nodiscard]] std::size_t gap(Spacing spacing) { return spacing == Spacing::wide ? 2 : 1; }

class TensorTable {
 public:
  TensorTable(const std::vector<Tensor>& tensors, const TextStyle& style)
      : m_tensors(tensors), m_style(style), m_selection(select(tensors, style)), m_names(m_selection.rows, style) {}

  [[nodiscard]] std::string text() {
    for (const auto& layout : k_layouts) {
      if (layout.level == TableLevel::everything && !m_style.verbose()) {
        continue;
      }
      if (auto text = try_layout(layout)) {
        return *text;
      }
    }
    return folded();
  }

 private:
  /// Layouts that differ in their names alone follow one another and share their columns.
  void build(const Layout& layout) {
    if (m_columns.empty() || m_built.level != layout.level || m_built.spacing != layout.spacing) {
      m_columns = tensor_columns(m_tensors, m_selection.rows, layout.level, layout.spacing, m_style);
      m_columns_width = Table(m_columns, gap(layout.spacing), m_style).width();
      m_built = layout;
    }
  }

  [[nodiscard]] std::optional<std::string> try_layout(const Layout& layout) {
    build(layout);
    const auto taken = m_columns_width + gap(layout.spacing) + k_indent;
    const auto room = m_style.columns() > taken ? m_style.columns() - taken : 0;
    auto names = m_names.column(layout.names, room);
    if (!names) {
      return std::nullopt;
    }
    std::vector<Column> all{std::move(*names)};
    all.insert(all.end(), m_columns.begin(), m_columns.end());
    return draw(Table(all, gap(layout.spacing), m_style), layout.names);
  }

  [[nodiscard]] std::string draw(const Table& table, NameStyle names) const {
    const auto indent = std::string(k_indent, ' ');
    std::string text = names == NameStyle::core || names == NameStyle::cut ? m_names.common_line(k_indent) : "";
    text += indent + table.header() + "\n";
    for (std::size_t i = 0; i < m_selection.rows.size(); ++i) {
      text += separator(i) + indent + table.row(i) + "\n";
    }
    return text;
  }

  /// Names on lines of their own, figures below them.
  [[nodiscard]] std::string folded() {
    auto layout = Layout{TableLevel::standard, Spacing::tight, NameStyle::own_line};
    build(layout);
    while (m_columns_width + k_folded_indent > m_style.columns() && layout.level != TableLevel::bare) {
      layout.level = static_cast<TableLevel>(static_cast<int>(layout.level) + 1);
      build(layout);
    }
    const Table table(m_columns, gap(layout.spacing), m_style);
    const auto indent = std::string(k_folded_indent, ' ');
    auto text = std::string(k_indent, ' ') + paint(m_style, Tone::dim, "tensor") + "\n" + indent + table.header() + "\n";
    for (std::size_t i = 0; i < m_selection.rows.size(); ++i) {
      text += separator(i) + m_names.lines(i, k_indent);
      text += indent + table.row(i) + "\n";
    }
    return text;
  }

  [[nodiscard]] std::string separator(std::size_t row) const {
    return row == m_selection.head && !m_selection.hidden.empty() ? hidden_line(m_selection, m_style) : std::string();
  }

  const std::vector<Tensor>& m_tensors;
  const TextStyle& m_style;
  Selection m_selection;
  TensorNames m_names;
  Layout m_built{};
  std::vector<Column> m_columns;
  std::size_t m_columns_width = 0;
};

}  // namespace

std::string tensor_table(const std::vector<Tensor>& tensors, const TextStyle& style) {
  return tensors.empty() ? std::string() : TensorTable(tensors, style).text();
}

}  // namespace upinspect::report
