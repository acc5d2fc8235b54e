// SPDX-License-Identifier: Apache-2.0
#include "report/check_junit.hpp"

#include "report/advice.hpp"
#include "report/escape.hpp"
#include "report/words.hpp"

namespace upinspect::report {

namespace {

std::string attribute(std::string_view name, std::string_view raw) { return " " + std::string(name) + "=\"" + escape_xml(raw) + "\""; }

std::string counted_attribute(std::string_view name, std::size_t count) { return attribute(name, std::to_string(count)); }

std::string digest_line(std::string_view what, std::string_view sha256, std::optional<std::uint64_t> size) {
  if (sha256.empty()) {
    return {};
  }
  return std::string(what) + ": sha256 " + std::string(sha256) + (size ? ", " + std::to_string(*size) + " bytes" : "") + "\n";
}

std::string drift_lines(const Subject& subject) {
  std::string out;
  for (const auto& tensor : subject.drift) {
    out += "tensor " + std::string(word(tensor.fate)) + ": " + escape_xml(tensor.name);
    out += tensor.was.empty() ? "\n" : " (was " + escape_xml(tensor.was) + ")\n";
  }
  return out;
}

/// The message once more, since some systems show the text only, then all that is known.
std::string failure_text(const Subject& subject) {
  const auto help = failure_advice(subject);
  return escape_xml(subject.why) + "\n" + (help.empty() ? "" : escape_xml(help) + "\n") +
         digest_line("expected", subject.expected_sha256, subject.expected_size) + digest_line("found", subject.sha256, subject.size) +
         drift_lines(subject);
}

std::string finding_lines(const Subject& subject) {
  std::string out;
  const auto* reason = reason_of(subject);
  for (const auto& finding : subject.findings) {
    if (&finding != reason) {
      out += std::string(word(finding.severity)) + " " + escape_xml(finding.id) + ": " + escape_xml(finding.message) + "\n";
    }
  }
  return out;
}

}  // namespace

std::string escape_xml(std::string_view raw) {
  std::string out;
  for (const char character : escape_terminal(raw)) {
    switch (character) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&apos;"; break;
      default: out.push_back(character);
    }
  }
  return out;
}

void CheckJunit::subject(const Subject& subject) {
  ++m_count;
  m_cases += "    <testcase" + attribute("name", subject.path) + " classname=\"upinspect.check\" time=\"0\">\n";
  if (fails(subject)) {
    const bool unreadable = subject.status == SubjectStatus::unreadable;
    ++(unreadable ? m_errors : m_failures);
    const std::string element = unreadable ? "error" : "failure";
    m_cases += "      <" + element + attribute("type", failure_id(subject)) + attribute("message", subject.why) + ">" + failure_text(subject) +
               "</" + element + ">\n";
  }
  if (const auto lines = finding_lines(subject); !lines.empty()) {
    m_cases += "      <system-out>" + lines + "</system-out>\n";
  }
  m_cases += "    </testcase>\n";
}

void CheckJunit::end() {
  const auto counts = counted_attribute("tests", m_count) + counted_attribute("failures", m_failures) + counted_attribute("errors", m_errors);
  m_sink("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"upinspect check\"" + counts + ">\n");
  m_sink("  <testsuite name=\"upinspect check\"" + counts + " skipped=\"0\" time=\"0\">\n");
  m_sink(m_cases);
  m_sink("  </testsuite>\n</testsuites>\n");
}

}  // namespace upinspect::report
