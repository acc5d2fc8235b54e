// SPDX-License-Identifier: Apache-2.0
// The answer of upinspect check as text: what failed and why, then how many did not.
#pragma once

#include "report/check_reporter.hpp"
#include "report/sink.hpp"
#include "report/text_style.hpp"

#include <cstddef>

namespace upinspect::report {

/// Verbose names those that are well too; quiet says how it ended and nothing more.
class CheckText final : public CheckReporter {
 public:
  CheckText(Sink sink, const TextStyle& style) : m_sink(std::move(sink)), m_style(style) {}

  void subject(const Subject& subject) override;
  void end() override;

 private:
  void line(std::string_view word, Tone tone, std::string_view path, std::string_view why);

  Sink m_sink;
  TextStyle m_style;
  std::size_t m_failed = 0;
  std::size_t m_count = 0;
};

}  // namespace upinspect::report
