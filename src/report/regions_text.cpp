// SPDX-License-Identifier: Apache-2.0
#include "report/regions_text.hpp"

#include "report/table.hpp"
#include "report/units.hpp"
#include "report/width.hpp"
#include "report/words.hpp"
#include "report/wrap.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace upinspect::report {
namespace {

constexpr std::size_t k_shown_gaps = 8;
constexpr std::size_t k_regions_indent = 2;

[[nodiscard]] std::vector<const Region*> listed(const Coverage& coverage, const TextStyle& style) {
  std::vector<const Region*> regions;
  for (const auto& region : coverage.regions) {
    if (region.kind == RegionKind::gap || (style.verbose() && region.kind != RegionKind::tensor)) {
      regions.push_back(&region);
    }
  }
  return regions;
}

/// The label is last and takes what the others leave.
void fit_labels(std::vector<Column>& columns, const TextStyle& style) {
  const auto others = Table(std::span(columns).first(columns.size() - 1), 2, style).width();
  const auto room = style.columns() - std::min<std::size_t>(style.columns() - 8, others + 2 + k_regions_indent);
  for (auto& cell : columns.back().cells) {
    cell.text = elide_middle(cell.text, room, style.ellipsis());
  }
}

}  // namespace

std::string regions_text(const Coverage& coverage, const TextStyle& style) {
  const auto regions = listed(coverage, style);
  if (regions.empty()) {
    return "";
  }
  const auto shown = style.verbose() || regions.size() <= k_shown_gaps ? regions.size() : k_shown_gaps;
  std::vector<Column> columns = {{"offset", Align::right, {}},
                                 {"bytes", Align::right, {}},
                                 {"kind", Align::left, {}},
                                 {"label", Align::left, {}}};
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& region = *regions[i];
    const auto tone = region.kind == RegionKind::gap ? Tone::warning : Tone::plain;
    columns[0].cells.push_back({thousands(region.range.offset), tone});
    columns[1].cells.push_back({thousands(region.range.length), tone});
    columns[2].cells.push_back({std::string(word(region.kind)), tone});
    columns[3].cells.push_back({style.safe(region.label), tone});
  }
  fit_labels(columns, style);
  const Table table(columns, 2, style);
  const auto indent = std::string(k_regions_indent, ' ');
  auto text = indent + table.header() + "\n";
  for (std::size_t i = 0; i < shown; ++i) {
    text += indent + table.row(i) + "\n";
  }
  if (shown < regions.size()) {
    text += indented(std::string(style.ellipsis()) + " " + thousands(regions.size() - shown) +
                         " more gaps (use --verbose or --format json)",
                     k_regions_indent, Tone::dim, style);
  }
  return text;
}

}  // namespace upinspect::report
