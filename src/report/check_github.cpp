// SPDX-License-Identifier: Apache-2.0
// https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts has the escapes.
#include "report/check_github.hpp"

#include "report/advice.hpp"
#include "report/escape.hpp"
#include "report/utf8.hpp"

namespace upinspect::report {

namespace {

/// The path itself, so that it is found in the repository; spelled only where that would act on a terminal.
std::string path_for_command(std::string_view path) {
  for (std::size_t i = 0; i < path.size();) {
    const auto point = decode(path, i);
    const bool escaped_anyway = point.value == U'\r' || point.value == U'\n';
    if (!point.valid || (is_deceptive(point.value) && !escaped_anyway)) {
      return escape_terminal(path);
    }
    i += point.length;
  }
  return std::string(path);
}

std::string message_with_advice(std::string_view message, std::string_view advice) {
  return escape_terminal(message) + (advice.empty() ? "" : "\n" + std::string(advice));
}

}  // namespace

std::string escape_command_property(std::string_view text) {
  return percent_encoded(text, [](char character) { return std::string_view("%\r\n:,").find(character) != std::string_view::npos; });
}

std::string escape_command_data(std::string_view text) {
  return percent_encoded(text, [](char character) { return std::string_view("%\r\n").find(character) != std::string_view::npos; });
}

void CheckGithub::command(std::string_view name, std::string_view path, std::string_view title, std::string_view message) {
  m_sink("::" + std::string(name) + " file=" + escape_command_property(path_for_command(path)) +
         ",title=" + escape_command_property(title) + "::" + escape_command_data(message) + "\n");
}

void CheckGithub::subject(const Subject& subject) {
  ++m_count;
  const auto* reason = reason_of(subject);
  if (fails(subject)) {
    ++m_failed;
    command("error", subject.path, failure_id(subject), message_with_advice(subject.why, failure_advice(subject)));
  }
  for (const auto& finding : subject.findings) {
    if (&finding != reason && finding.severity != Severity::note) {
      const auto* const name = finding.severity == Severity::error ? "error" : "warning";
      command(name, subject.path, finding.id, message_with_advice(finding.message, advice(finding.id)));
    }
  }
}

void CheckGithub::end() { m_sink(check_outcome(m_failed, m_count) + "\n"); }

}  // namespace upinspect::report
