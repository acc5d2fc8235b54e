// SPDX-License-Identifier: Apache-2.0
#include "report/check_text.hpp"

#include "report/advice.hpp"
#include "report/units.hpp"
#include "report/wrap.hpp"

#include <algorithm>

namespace upinspect::report {

namespace {

constexpr std::size_t k_word_columns = 6;

/// The id of the finding that is the reason, where one is.
std::string reason_id(const Subject& subject) {
  if (subject.status != SubjectStatus::policy) {
    return {};
  }
  const auto found = std::find_if(subject.findings.begin(), subject.findings.end(),
                                  [&subject](const Finding& finding) { return finding.message == subject.why; });
  return found == subject.findings.end() ? std::string() : found->id;
}

}  // namespace

void CheckText::line(std::string_view word, Tone tone, std::string_view path, std::string_view why) {
  std::string head(word);
  head.resize(std::max(head.size(), k_word_columns), ' ');
  m_sink(paint(m_style, tone, head) + std::string(path) + "\n");
  if (why.empty()) {
    return;
  }
  for (const auto& piece : wrap(why, m_style.columns() - k_word_columns)) {
    m_sink(std::string(k_word_columns, ' ') + piece + "\n");
  }
}

void CheckText::subject(const Subject& subject) {
  ++m_count;
  const auto path = m_style.safe(subject.path);
  if (!fails(subject)) {
    if (m_style.verbose()) {
      line("ok", Tone::dim, path, "");
    }
    return;
  }
  ++m_failed;
  if (m_style.verbosity < 0) {
    return;
  }
  const auto id = reason_id(subject);
  line("FAIL", Tone::error, path, m_style.safe(subject.why) + (id.empty() ? "" : "  " + id));
  if (const auto help = id.empty() ? std::string_view() : advice(id); !help.empty()) {
    m_sink(indented(help, k_word_columns, Tone::dim, m_style));
  }
}

void CheckText::end() {
  const auto well = m_count - m_failed;
  if (m_failed != 0 && well != 0 && m_style.verbosity == 0) {
    line("ok", Tone::dim, thousands(well) + (well == 1 ? " other" : " others"), "");
  }
  m_sink(m_failed == 0 ? counted(m_count, "file") + (m_count == 1 ? " is as it should be\n" : " are as they should be\n")
                       : thousands(m_failed) + " of " + thousands(m_count) + " failed\n");
}

}  // namespace upinspect::report
