// SPDX-License-Identifier: Apache-2.0
#include "report/tensor_names.hpp"

#include "report/width.hpp"
#include "report/wrap.hpp"

#include <algorithm>
#include <unordered_set>

namespace upinspect::report {
namespace {

/// A name cut shorter than this tells too little.
constexpr std::size_t k_least_name = 20;

/// A line for a name of this width or less would be mostly empty.
constexpr std::size_t k_short_name = 12;

/// Shorter ends are not worth a line.
constexpr std::size_t k_least_common = 7;

[[nodiscard]] std::string shown_name(const Tensor& tensor, std::size_t tensors, const TextStyle& style) {
  if (tensor.name.empty()) {
    return tensors == 1 ? "(whole)" : "(no name)";
  }
  return style.safe(tensor.name);
}

/// The length of the start that all names share, up to and with its last dot.
[[nodiscard]] std::size_t common_prefix(const std::vector<std::string>& names) {
  auto length = names.front().size();
  for (const auto& name : names) {
    const auto limit = std::min(length, name.size());
    const auto differ = std::mismatch(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(limit), names.front().begin());
    length = static_cast<std::size_t>(differ.first - name.begin());
  }
  const auto dot = length == 0 ? std::string::npos : names.front().rfind('.', length - 1);
  return dot == std::string::npos ? 0 : dot + 1;
}

/// The length of the end that all names share, from its first dot on, without touching the first `prefix` bytes.
[[nodiscard]] std::size_t common_suffix(const std::vector<std::string>& names, std::size_t prefix) {
  const auto& first = names.front();
  auto length = first.size() - prefix;
  for (const auto& name : names) {
    length = std::min(length, name.size() - prefix);
    const auto differ = std::mismatch(name.rbegin(), name.rbegin() + static_cast<std::ptrdiff_t>(length), first.rbegin());
    length = static_cast<std::size_t>(differ.first - name.rbegin());
  }
  const auto dot = first.find('.', first.size() - length);
  return dot == std::string::npos ? 0 : first.size() - dot;
}

[[nodiscard]] bool all_different(const std::vector<Cell>& cells) {
  std::unordered_set<std::string_view> seen;
  return std::all_of(cells.begin(), cells.end(), [&seen](const Cell& cell) { return seen.insert(cell.text).second; });
}

}  // namespace

TensorNames::TensorNames(std::span<const Tensor* const> rows, const TextStyle& style) : m_style(&style), m_header("tensor") {
  for (const auto* tensor : rows) {
    m_names.push_back(shown_name(*tensor, rows.size(), style));
  }
  find_core();
}

TensorNames::TensorNames(std::vector<std::string> names, std::string_view header, const TextStyle& style)
    : m_style(&style), m_header(header), m_names(std::move(names)) {
  find_core();
}

void TensorNames::find_core() {
  if (m_names.size() > 1) {
    m_prefix = common_prefix(m_names);
    m_suffix = common_suffix(m_names, m_prefix);
    m_prefix = m_prefix < k_least_common ? 0 : m_prefix;
    m_suffix = m_suffix < k_least_common ? 0 : m_suffix;
  }
  for (std::size_t i = 0; i < m_names.size(); ++i) {
    m_whole_width = std::max(m_whole_width, display_width(m_names[i]));
    m_core_width = std::max(m_core_width, display_width(core(i)));
  }
}

std::string TensorNames::core(std::size_t row) const {
  const auto& name = m_names[row];
  auto text = std::string(m_prefix != 0 ? m_style->ellipsis() : "");
  text += name.substr(m_prefix, name.size() - m_prefix - m_suffix);
  text += m_suffix != 0 ? m_style->ellipsis() : "";
  return text;
}

/// The least that the style asks for.
std::size_t TensorNames::width_of(NameStyle names) const {
  switch (names) {
    case NameStyle::core: return std::max(m_core_width, m_header.size());
    case NameStyle::cut: return k_least_name;
    case NameStyle::whole:
    case NameStyle::short_only:
    case NameStyle::own_line: break;
  }
  return std::max(m_whole_width, m_header.size());
}

std::optional<Column> TensorNames::column(NameStyle names, std::size_t room) const {
  if ((names == NameStyle::core && !has_core()) || (names == NameStyle::short_only && m_whole_width > k_short_name) ||
      width_of(names) > room) {
    return std::nullopt;
  }
  Column column{m_header, Align::left, {}};
  for (std::size_t i = 0; i < m_names.size(); ++i) {
    auto text = names == NameStyle::core || names == NameStyle::cut ? core(i) : m_names[i];
    column.cells.push_back({names == NameStyle::cut ? elide_middle(text, room, m_style->ellipsis()) : std::move(text)});
  }
  if (names == NameStyle::cut && !all_different(column.cells)) {
    return std::nullopt;
  }
  return column;
}

std::string TensorNames::common_line(std::size_t indent) const {
  if (!has_core()) {
    return "";
  }
  const auto& name = m_names.front();
  std::string line = "names";
  line += m_prefix != 0 ? " begin with " + name.substr(0, m_prefix) : "";
  line += m_prefix != 0 && m_suffix != 0 ? " and" : "";
  line += m_suffix != 0 ? " end with " + name.substr(name.size() - m_suffix) : "";
  return indented(line, indent, Tone::dim, *m_style);
}

std::string TensorNames::lines(std::size_t row, std::size_t indent) const {
  return indented(m_names[row], indent, Tone::plain, *m_style);
}

}  // namespace upinspect::report
