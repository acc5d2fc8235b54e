// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include "report/base_fit_text.hpp"
#include "report/file_facts.hpp"
#include "report/findings_text.hpp"
#include "report/heading.hpp"
#include "report/module_table.hpp"
#include "report/regions_text.hpp"
#include "report/tensor_table.hpp"
#include "report/training_text.hpp"
#include "report/units.hpp"
#include "report/width.hpp"
#include "report/wrap.hpp"

#include <algorithm>

namespace upinspect::report {
namespace {

/// The path is not broken, so that it can be copied; what follows wraps under it.
[[nodiscard]] std::string heading(const Artifact& artifact, const TextStyle& style) {
  const auto path = style.safe(artifact.path) + ":";
  const auto used = display_width(path) + 1;
  const auto columns = style.columns();
  const auto lines = wrap(description(artifact, style), columns - 2, used < columns ? columns - used : 0);
  auto text = paint(style, Tone::strong, path) + (lines.front().empty() ? "" : " ") + lines.front() + "\n";
  for (std::size_t i = 1; i < lines.size(); ++i) {
    text += "  " + lines[i] + "\n";
  }
  return text;
}

}  // namespace

std::string file_text(const Artifact& artifact, const TextStyle& style) {
  auto text = heading(artifact, style) + "\n" + file_facts(artifact, style);
  for (const auto& block : {training_text(artifact, style), module_table(artifact, style), base_fit_text(artifact, style), tensor_table(artifact.tensors, style), regions_text(artifact.coverage, style),
                            findings_text(artifact.findings, style)}) {
    text += block.empty() ? "" : "\n" + block;
  }
  return text;
}

std::string file_line(const Artifact& artifact, const TextStyle& style) {
  auto line = paint(style, Tone::strong, style.safe(artifact.path) + ":") + " " + description(artifact, style) + ", " +
              binary_size(artifact.size);
  if (!artifact.findings.empty()) {
    const auto worst = std::max_element(artifact.findings.begin(), artifact.findings.end(),
                                        [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
    line += "; " + paint(style, tone_of(worst->severity),
                         count_findings(artifact.findings) + ": " + style.safe(worst->message));
  }
  return line + "\n";
}

void FileText::artifact(const Artifact& artifact) {
  if (m_style.verbosity < 0) {
    m_sink(file_line(artifact, m_style));
    return;
  }
  if (!m_first) {
    m_sink("\n");
  }
  m_first = false;
  m_sink(file_text(artifact, m_style));
}

}  // namespace upinspect::report
