// SPDX-License-Identifier: Apache-2.0
#include "report/byte_bar.hpp"

#include "report/units.hpp"
#include "report/width.hpp"
#include "report/wrap.hpp"

#include <algorithm>
#include <array>

namespace upinspect::report {
namespace {

constexpr std::size_t k_kinds = 6;
constexpr std::size_t k_widest_bar = 60;
using Bytes = std::array<double, k_kinds>;

struct Look {
  RegionKind kind;
  std::string_view name;
  std::string_view glyph;
  char ascii;
  Tone tone;
};

/// In the order of the legend.
constexpr std::array<Look, k_kinds> k_looks = {{
    {RegionKind::tensor, "tensor data", "\xe2\x96\x88", '#', Tone::plain},
    {RegionKind::structure, "structure", "\xe2\x96\x91", ':', Tone::dim},
    {RegionKind::metadata, "metadata", "\xe2\x96\x92", 'm', Tone::accent},
    {RegionKind::payload, "payload", "\xe2\x96\x93", 'p', Tone::accent},
    {RegionKind::padding, "padding", "\xc2\xb7", '.', Tone::dim},
    {RegionKind::gap, "unclaimed", "?", '?', Tone::warning},
}};

[[nodiscard]] const Look& look(RegionKind kind) {
  const auto found = std::find_if(k_looks.begin(), k_looks.end(), [kind](const Look& each) { return each.kind == kind; });
  return found == k_looks.end() ? k_looks.back() : *found;
}

[[nodiscard]] std::string drawn(const Look& of, const TextStyle& style) {
  return style.unicode ? std::string(of.glyph) : std::string(1, of.ascii);
}

/// How many bytes of each kind every cell of the bar stands for. A region that spans many cells is added to each in
/// turn, so the work is cells plus regions.
[[nodiscard]] std::vector<Bytes> fill_cells(const Artifact& artifact, std::size_t cells) {
  std::vector<Bytes> filled(cells, Bytes{});
  const auto per_cell = static_cast<double>(artifact.size) / static_cast<double>(cells);
  for (const auto& region : artifact.coverage.regions) {
    const auto start = static_cast<double>(region.range.offset);
    const auto end = start + static_cast<double>(region.range.length);
    for (auto cell = static_cast<std::size_t>(start / per_cell); cell < cells; ++cell) {
      const auto cell_start = static_cast<double>(cell) * per_cell;
      if (cell_start >= end) {
        break;
      }
      const auto shared = std::min(end, cell_start + per_cell) - std::max(start, cell_start);
      filled[cell][static_cast<std::size_t>(region.kind)] += std::max(shared, 0.0);
    }
  }
  return filled;
}

[[nodiscard]] RegionKind kind_of(const Bytes& cell) {
  constexpr auto k_gap = static_cast<std::size_t>(RegionKind::gap);
  if (cell[k_gap] > 0) {
    return RegionKind::gap;
  }
  return static_cast<RegionKind>(std::max_element(cell.begin(), cell.end()) - cell.begin());
}

[[nodiscard]] std::string draw(const std::vector<Bytes>& cells, const TextStyle& style) {
  std::string bar;
  for (std::size_t i = 0; i < cells.size();) {
    const auto kind = kind_of(cells[i]);
    std::string run;
    for (; i < cells.size() && kind_of(cells[i]) == kind; ++i) {
      run += drawn(look(kind), style);
    }
    bar += paint(style, look(kind).tone, run);
  }
  return "[" + bar + "]";
}

struct Entry {
  std::string text;
  Tone tone;
};

[[nodiscard]] std::vector<Entry> legend(const Artifact& artifact, const TextStyle& style) {
  std::array<std::uint64_t, k_kinds> totals{};
  for (const auto& region : artifact.coverage.regions) {
    totals[static_cast<std::size_t>(region.kind)] += region.range.length;
  }
  std::vector<Entry> entries;
  for (const auto& each : k_looks) {
    const auto bytes = totals[static_cast<std::size_t>(each.kind)];
    if (bytes != 0) {
      auto text = drawn(each, style) + " ";
      text += each.name;
      text += " " + thousands(bytes) + " (" + percent(bytes, artifact.size) + ")";
      entries.push_back({std::move(text), each.kind == RegionKind::gap ? Tone::warning : Tone::dim});
    }
  }
  return entries;
}

/// `text` painted, in as many lines as it takes.
void append_wrapped(std::vector<std::string>& lines, const Entry& entry, std::size_t columns, const TextStyle& style) {
  for (const auto& line : wrap(entry.text, columns)) {
    lines.push_back(paint(style, entry.tone, line));
  }
}

[[nodiscard]] std::vector<std::string> flow(const std::vector<Entry>& entries, std::size_t columns,
                                            const TextStyle& style) {
  std::vector<std::string> lines;
  std::size_t used = 0;
  for (const auto& entry : entries) {
    const auto width = display_width(entry.text);
    if (lines.empty() || used + 3 + width > columns) {
      append_wrapped(lines, entry, columns, style);
      used = width;
    } else {
      lines.back() += "   " + paint(style, entry.tone, entry.text);
      used += 3 + width;
    }
  }
  return lines;
}

}  // namespace

std::vector<std::string> byte_bar(const Artifact& artifact, std::size_t columns, const TextStyle& style) {
  if (artifact.size == 0 || artifact.coverage.regions.empty()) {
    return {};
  }
  const auto cells = std::clamp<std::size_t>(columns, 12, k_widest_bar + 2) - 2;
  auto lines = flow(legend(artifact, style), columns, style);
  lines.insert(lines.begin(), draw(fill_cells(artifact, cells), style));
  return lines;
}

}  // namespace upinspect::report
