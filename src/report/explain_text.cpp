// SPDX-License-Identifier: Apache-2.0
#include "report/explain_text.hpp"

#include "report/wrap.hpp"

#include <algorithm>
#include <cstddef>

namespace upinspect::report {
namespace {

std::string explained_part(std::string_view heading, std::string_view text, const TextStyle& style) {
  return "\n  " + paint(style, Tone::dim, heading) + "\n" + indented(text, 4, Tone::plain, style);
}

}  // namespace

std::string explain_text(const ExplainedFinding& row, const TextStyle& style) {
  return paint(style, Tone::strong, row.id) + ": " + std::string(row.title) + "\n" +
         explained_part("what it means", row.meaning, style) + explained_part("why it matters", row.why, style) +
         explained_part("what to do", row.advice, style);
}

std::string explain_list_text(std::span<const ExplainedFinding> rows, const TextStyle& style) {
  constexpr std::size_t k_gap = 2;
  std::size_t widest = 0;
  for (const auto& row : rows) {
    widest = std::max(widest, row.id.size());
  }
  const auto column = widest + k_gap;
  std::string text;
  for (const auto& row : rows) {
    // Where the titles have no room beside the ids they stand below them.
    const bool beside = style.columns() >= column + row.title.size();
    text += paint(style, Tone::strong, row.id);
    text += beside ? std::string(column - row.id.size(), ' ') + std::string(row.title) + "\n"
                   : "\n" + indented(row.title, 4, Tone::plain, style);
  }
  return text;
}

}  // namespace upinspect::report
