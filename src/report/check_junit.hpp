// SPDX-License-Identifier: Apache-2.0
// The answer of upinspect check as JUnit XML, the report of tests that every CI system can show.
#pragma once

#include "report/check_reporter.hpp"
#include "report/sink.hpp"

#include <cstddef>

namespace upinspect::report {

/// `raw` as escape_terminal has it, fit for content and attributes of XML 1.0.
[[nodiscard]] std::string escape_xml(std::string_view raw);

/// A suite with a case for each file. A file that could not be read is an error, another that does not pass a failure; findings that
/// do not decide are the output of their case. The counts come first in the document, so the cases are kept until the end.
class CheckJunit final : public CheckReporter {
 public:
  explicit CheckJunit(Sink sink) : m_sink(std::move(sink)) {}

  void subject(const Subject& subject) override;
  void end() override;

 private:
  Sink m_sink;
  std::string m_cases;
  std::size_t m_failures = 0;
  std::size_t m_errors = 0;
  std::size_t m_count = 0;
};

}  // namespace upinspect::report
