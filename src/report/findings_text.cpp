// SPDX-License-Identifier: Apache-2.0
#include "report/findings_text.hpp"

#include "report/advice.hpp"
#include "report/units.hpp"
#include "report/width.hpp"
#include "report/words.hpp"
#include "report/wrap.hpp"

#include <algorithm>
#include <map>

namespace upinspect::report {
namespace {

/// Of one id; the next hundred of the same kind teach nothing new.
constexpr std::size_t k_shown_per_id = 5;
constexpr std::size_t k_findings_indent = 2;
constexpr std::size_t k_label = 9;

/// Longer lines are tiring to read, and an id at the far edge is lost.
constexpr std::size_t k_widest_text = 110;

[[nodiscard]] std::vector<const Finding*> worst_first(const std::vector<Finding>& findings) {
  std::vector<const Finding*> sorted;
  sorted.reserve(findings.size());
  for (const auto& finding : findings) {
    sorted.push_back(&finding);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Finding* a, const Finding* b) { return a->severity > b->severity; });
  return sorted;
}

[[nodiscard]] std::string place(const Finding& finding, const TextStyle& style) {
  std::string text;
  if (finding.offset) {
    text += "at offset " + thousands(*finding.offset);
  }
  if (finding.length) {
    text += (text.empty() ? "" : ", ") + counted(*finding.length, "byte");
  }
  if (!finding.tensor.empty()) {
    text += (text.empty() ? "" : ", ") + std::string("tensor ") + style.safe(finding.tensor);
  }
  return text;
}

class Writer {
 public:
  explicit Writer(const TextStyle& style) : m_style(style), m_room(std::min<std::size_t>(style.columns() - k_findings_indent - k_label, k_widest_text)) {}

  void finding(const Finding& finding, bool with_advice) {
    message(finding);
    if (const auto where = place(finding, m_style); !where.empty()) {
      paragraph(where, Tone::dim);
    }
    if (const auto what_to_do = advice(finding.id); with_advice && !what_to_do.empty()) {
      paragraph(what_to_do, Tone::accent);
    }
  }

  void hidden(const std::string& id, std::size_t count) {
    paragraph(std::string(m_style.ellipsis()) + " " + thousands(count) + " more " + m_style.safe(id) +
                  " (use --verbose or --format json)",
              Tone::dim);
  }

  [[nodiscard]] std::string text() && { return std::move(m_text); }

 private:
  /// The id stands at the right edge where the message leaves room for it, else on a line of its own.
  void message(const Finding& finding) {
    const auto id = m_style.safe(finding.id);
    const auto lines = wrap(m_style.safe(finding.message), m_room);
    auto label = paint(m_style, tone_of(finding.severity), word(finding.severity));
    label.append(k_label - word(finding.severity).size(), ' ');
    for (const auto& line : lines) {
      m_text.append(k_findings_indent, ' ');
      m_text += label + line;
      const auto used = display_width(line) + display_width(id);
      if (lines.size() == 1 && used + 2 <= m_room) {
        m_text.append(m_room - used, ' ');
        m_text += paint(m_style, Tone::dim, id);
      }
      m_text += '\n';
      label.assign(k_label, ' ');
    }
    if (lines.size() > 1 || display_width(lines.front()) + display_width(id) + 2 > m_room) {
      paragraph(id, Tone::dim);
    }
  }

  void paragraph(std::string_view text, Tone tone) {
    for (const auto& line : wrap(text, m_room)) {
      m_text.append(k_findings_indent + k_label, ' ');
      m_text += paint(m_style, tone, line) + '\n';
    }
  }

  const TextStyle& m_style;
  std::size_t m_room;
  std::string m_text;
};

}  // namespace

Tone tone_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::note: return Tone::accent;
    case Severity::warning: return Tone::warning;
    case Severity::error: return Tone::error;
  }
  return Tone::error;
}

std::string count_findings(const std::vector<Finding>& findings) {
  std::string text;
  for (const auto severity : {Severity::error, Severity::warning, Severity::note}) {
    const auto count = std::count_if(findings.begin(), findings.end(),
                                     [severity](const Finding& finding) { return finding.severity == severity; });
    if (count != 0) {
      text += (text.empty() ? "" : ", ") + counted(static_cast<std::uint64_t>(count), word(severity));
    }
  }
  return text;
}

std::string findings_text(const std::vector<Finding>& findings, const TextStyle& style) {
  if (findings.empty()) {
    return std::string(k_findings_indent, ' ') + paint(style, Tone::dim, "no findings") + "\n";
  }
  Writer writer(style);
  std::map<std::string, std::size_t> seen;
  for (const auto* finding : worst_first(findings)) {
    const auto times = ++seen[finding->id];
    if (style.verbose() || times <= k_shown_per_id) {
      writer.finding(*finding, times == 1);
    }
  }
  for (const auto& [id, times] : seen) {
    if (!style.verbose() && times > k_shown_per_id) {
      writer.hidden(id, times - k_shown_per_id);
    }
  }
  return std::move(writer).text();
}

}  // namespace upinspect::report
