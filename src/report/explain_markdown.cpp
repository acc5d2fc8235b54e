// SPDX-License-Identifier: Apache-2.0
#include "report/explain_markdown.hpp"

namespace upinspect::report {
namespace {

/// Our own text with what Markdown takes for marks spelled out.
std::string markdown_text(std::string_view text) {
  constexpr std::string_view k_marks = "\\`*_<>|[]#";
  std::string out;
  for (const char c : text) {
    if (k_marks.find(c) != std::string_view::npos) {
      out.push_back('\\');
    }
    out.push_back(c);
  }
  return out;
}

std::string markdown_part(std::string_view heading, std::string_view text) {
  return "\n## " + std::string(heading) + "\n\n" + markdown_text(text) + "\n";
}

}  // namespace

std::string explain_markdown(const ExplainedFinding& row) {
  return "# " + std::string(row.id) + ": " + markdown_text(row.title) + "\n" + markdown_part("What it means", row.meaning) +
         markdown_part("Why it matters", row.why) + markdown_part("What to do", row.advice) + "\n[All findings](README.md)\n";
}

std::string explain_index_markdown(std::span<const ExplainedFinding> rows) {
  std::string text = "# Findings\n\nEverything that upinspect can find, by id. `upinspect explain ID` prints the same pages, from which these are\n"
                     "made; `tests/house/checks_test.py --update` writes them anew.\n";
  std::string_view family;
  for (const auto& row : rows) {
    if (family_of(row.id) != family) {
      family = family_of(row.id);
      text += "\n## " + std::string(family) + "\n\n| id | finding |\n|---|---|\n";
    }
    const std::string id(row.id);
    text += "| [" + id + "](" + id + ".md) | " + markdown_text(row.title) + " |\n";
  }
  return text;
}

}  // namespace upinspect::report
