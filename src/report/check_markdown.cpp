// SPDX-License-Identifier: Apache-2.0
// GitHub Flavored Markdown Spec 0.29, 2.4 (backslash escapes), 4.10 (tables), 6.2 (entities), 6.9 (extended autolinks).
#include "report/check_markdown.hpp"

#include "report/escape.hpp"
#include "report/units.hpp"

namespace upinspect::report {

namespace {

/// A summary of a step may have a MiB, and other commands may have written to it.
constexpr std::size_t k_most_of_a_table = 900'000;

/// Punctuation that never begins anything within a cell.
constexpr std::string_view k_harmless_punctuation = " ,;()/-";

bool is_punctuation(char character) noexcept {
  return (character >= '!' && character <= '/') || (character >= ':' && character <= '@') || (character >= '[' && character <= '`') ||
         (character >= '{' && character <= '~');
}

bool ends_in_w(std::string_view text) noexcept { return !text.empty() && (text.back() == 'w' || text.back() == 'W'); }

void append_markdown(std::string& out, char character) {
  switch (character) {
    case '|': out += "&#124;"; return;
    case '<': out += "&lt;"; return;
    case '>': out += "&gt;"; return;
    case '&': out += "&amp;"; return;
    default: break;
  }
  const bool starts_a_link = character == '.' && ends_in_w(out);
  const bool harmless = character == '.' || k_harmless_punctuation.find(character) != std::string_view::npos;
  if (is_punctuation(character) && (!harmless || starts_a_link)) {
    out.push_back('\\');
  }
  out.push_back(character);
}

std::string why_cell(const Subject& subject) {
  const auto help = failure_advice(subject);
  return escape_markdown(subject.why) + (help.empty() ? "" : "<br>" + escape_markdown(help));
}

}  // namespace

std::string escape_markdown(std::string_view raw) {
  std::string out;
  for (const char character : escape_terminal(raw)) {
    append_markdown(out, character);
  }
  return out;
}

CheckMarkdown::CheckMarkdown(Sink sink) : m_sink(std::move(sink)) { m_sink("### upinspect check\n\n"); }

void CheckMarkdown::subject(const Subject& subject) {
  ++m_count;
  if (!fails(subject)) {
    return;
  }
  ++m_failed;
  const auto row = "| " + escape_markdown(subject.path) + " | " + escape_markdown(failure_id(subject)) + " | " + why_cell(subject) + " |\n";
  if (m_written + row.size() > k_most_of_a_table) {
    return;
  }
  if (m_rows == 0) {
    m_sink("| File | Failed | Why |\n| --- | --- | --- |\n");
  }
  m_sink(row);
  m_written += row.size();
  ++m_rows;
}

void CheckMarkdown::end() {
  const auto left_out = m_failed - m_rows;
  m_sink((m_rows == 0 ? "**" : "\n**") + check_outcome(m_failed, m_count) + "**\n");
  if (left_out != 0) {
    m_sink("\nThe table has no room for " + thousands(left_out) + " of those that failed; the other reports have them.\n");
  }
}

}  // namespace upinspect::report
