// SPDX-License-Identifier: Apache-2.0
#include "report/merge_text.hpp"

#include "report/facts.hpp"
#include "report/table.hpp"
#include "report/units.hpp"
#include "report/words.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace upinspect::report {
namespace {

using convert::Merged;
using convert::MergedTensor;

constexpr std::size_t k_merge_labels = 9;
constexpr std::size_t k_merge_gap = 2;

[[nodiscard]] std::string heading(const Merged& done) {
  const auto files = done.files > 1 ? counted(done.files, "file") + ", " : std::string();
  return "safetensors, " + files + counted(done.tensors, "tensor") + ", " + binary_size(done.bytes);
}

[[nodiscard]] std::string joined(const std::set<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

[[nodiscard]] std::string merged_text(const Merged& done) {
  std::set<std::string> methods;
  for (const auto& row : done.merged) {
    methods.insert(row.method);
  }
  return counted(done.modules, "module") + " (" + joined(methods) + ") " + (done.undo ? "taken back from " : "merged into ") +
         counted(done.merged.size(), "tensor");
}

[[nodiscard]] std::string values_text(const Merged& done) {
  std::set<std::string> texts;
  for (const auto& row : done.merged) {
    texts.insert("computed in " + row.arithmetic + ", rounded once to " + row.dtype);
  }
  return joined(texts) + " (to the nearest, ties to even)";
}

[[nodiscard]] std::string largest_text(const Merged& done, const TextStyle& style) {
  const auto most = std::max_element(done.merged.begin(), done.merged.end(),
                                     [](const MergedTensor& a, const MergedTensor& b) { return a.largest_change < b.largest_change; });
  return most == done.merged.end() ? "none" : short_number(most->largest_change, 3) + " (" + style.safe(most->tensor) + ")";
}

[[nodiscard]] std::string proof_text(const Merged& done) {
  const auto changed = done.tensors - done.unchanged;
  return counted(done.unchanged, "tensor") + " unchanged bit for bit, " + std::to_string(changed) + " as computed, read back";
}

[[nodiscard]] std::string table_text(const Merged& done, const TextStyle& style) {
  std::array<Column, 4> columns;
  columns[0].header = "tensor";
  columns[1].header = "method";
  columns[2].header = "scale";
  columns[3].header = "max |dW|";
  columns[2].align = Align::right;
  columns[3].align = Align::right;
  for (const auto& row : done.merged) {
    columns[0].cells.push_back({style.safe(row.tensor), Tone::plain});
    columns[1].cells.push_back({row.method, Tone::plain});
    columns[2].cells.push_back({row.scale ? short_number(*row.scale, 4) : "", Tone::plain});
    columns[3].cells.push_back({short_number(row.largest_change, 3), Tone::plain});
  }
  const Table table(columns, k_merge_gap, style);
  std::string text = "  " + paint(style, Tone::dim, table.header()) + "\n";
  for (std::size_t i = 0; i < done.merged.size(); ++i) {
    text += "  " + table.row(i) + "\n";
  }
  return text;
}

}  // namespace

std::string merge_text(const Merged& done, const TextStyle& style) {
  const auto path = paint(style, Tone::strong, style.safe(done.output) + ":");
  if (style.verbosity < 0) {
    return path + " " + heading(done) + "; " + merged_text(done) + "; " + proof_text(done) + "\n";
  }
  Facts facts(style, k_merge_labels);
  facts.add("base", style.safe(done.base));
  facts.add("adapter", style.safe(done.adapter) + " (" + style.safe(done.family) + ")");
  if (!done.config.empty() && done.config != done.adapter) {
    facts.add("config", style.safe(done.config));
  }
  if (!done.prefix.empty()) {
    facts.add("names", style.safe(done.prefix));
  }
  facts.add(done.undo ? "undone" : "merged", merged_text(done));
  if (done.strength != 1) {
    facts.add("strength", short_number(done.strength, 3) + " times the adapter's own scale");
  }
  facts.add("values", values_text(done));
  facts.add("max |dW|", largest_text(done, style));
  facts.add("proof", proof_text(done), Tone::accent);
  auto text = path + " " + heading(done) + "\n\n" + facts.text();
  return style.verbose() ? text + "\n" + table_text(done, style) : text;
}

}  // namespace upinspect::report
