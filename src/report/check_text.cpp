// SPDX-License-Identifier: Apache-2.0
#include "report/check_text.hpp"

#include "report/units.hpp"
#include "report/wrap.hpp"

#include <algorithm>

namespace upinspect::report {

namespace {

constexpr std::size_t k_word_columns = 6;

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
  const auto* reason = reason_of(subject);
  line("FAIL", Tone::error, path, m_style.safe(subject.why) + (reason == nullptr ? "" : "  " + reason->id));
  if (const auto help = failure_advice(subject); !help.empty()) {
    m_sink(indented(help, k_word_columns, Tone::dim, m_style));
  }
}

void CheckText::end() {
  const auto well = m_count - m_failed;
  if (m_failed != 0 && well != 0 && m_style.verbosity == 0) {
    line("ok", Tone::dim, thousands(well) + (well == 1 ? " other" : " others"), "");
  }
  m_sink(check_outcome(m_failed, m_count) + "\n");
}

}  // namespace upinspect::report
