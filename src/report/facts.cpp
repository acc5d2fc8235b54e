// SPDX-License-Identifier: Apache-2.0
#include "report/facts.hpp"

#include "report/width.hpp"
#include "report/wrap.hpp"

#include <algorithm>

namespace upinspect::report {
namespace {

constexpr std::size_t k_facts_indent = 2;
constexpr std::size_t k_facts_gap = 2;

/// A label wider than its column pushes its value aside, or up to this width onto the next line.
constexpr std::size_t k_widest_label = 24;

/// Items up to this wide are read side by side.
constexpr std::size_t k_short_item = 30;

}  // namespace

std::size_t Facts::value_columns() const noexcept { return m_style->columns() - k_facts_indent - m_label_columns - k_facts_gap; }

void Facts::add(std::string_view label, std::string_view value, Tone tone) {
  auto lines = wrap(value, value_columns());
  for (auto& line : lines) {
    line = paint(*m_style, tone, line);
  }
  add_lines(label, lines);
}

void Facts::add_list(std::string_view label, const std::vector<std::string>& values) {
  const auto short_item = [](const std::string& value) { return display_width(value) <= k_short_item; };
  std::vector<std::string> lines;
  if (std::all_of(values.begin(), values.end(), short_item)) {
    std::string joined;
    for (const auto& value : values) {
      joined += joined.empty() ? "" : ", ";
      joined += value;
    }
    lines = wrap(joined, value_columns());
  } else {
    for (const auto& value : values) {
      const auto wrapped = wrap(value, value_columns() - k_facts_indent, value_columns());
      for (std::size_t i = 0; i < wrapped.size(); ++i) {
        lines.push_back(std::string(i == 0 ? 0 : k_facts_indent, ' ') + wrapped[i]);
      }
    }
  }
  add_lines(label, lines);
}

void Facts::add_lines(std::string_view label, const std::vector<std::string>& lines) {
  const auto shown = elide_end(label, k_widest_label, m_style->ellipsis());
  const auto excess = display_width(shown) - std::min(display_width(shown), m_label_columns);
  std::size_t next = 0;
  if (!lines.empty()) {
    const auto fits = excess == 0 || display_width(lines.front()) + excess <= value_columns();
    add_line(shown, fits ? lines[next++] : std::string());
  }
  for (; next < lines.size(); ++next) {
    add_line("", lines[next]);
  }
}

void Facts::add_line(std::string_view label, std::string_view value) {
  const auto shown = value.empty() ? std::string(label) : pad_right(label, m_label_columns);
  m_text.append(k_facts_indent, ' ');
  m_text += label.empty() ? shown : paint(*m_style, Tone::dim, shown);
  if (!value.empty()) {
    m_text.append(k_facts_gap, ' ');
    m_text += value;
  }
  m_text += '\n';
}

}  // namespace upinspect::report
