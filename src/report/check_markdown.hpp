// SPDX-License-Identifier: Apache-2.0
// The answer of upinspect check as Markdown, for the summary of a step or a comment.
#pragma once

#include "report/check_reporter.hpp"
#include "report/sink.hpp"

#include <cstddef>

namespace upinspect::report {

/// `raw` as text of a cell of a table: it shows as escape_terminal has it, and nothing of it is taken for markup.
[[nodiscard]] std::string escape_markdown(std::string_view raw);

/// A table of the files that fail, then how it ended. Rows beyond what the summary of a step may hold are counted.
class CheckMarkdown final : public CheckReporter {
 public:
  explicit CheckMarkdown(Sink sink);

  void subject(const Subject& subject) override;
  void end() override;

 private:
  Sink m_sink;
  std::size_t m_written = 0;  ///< bytes of the table
  std::size_t m_rows = 0;
  std::size_t m_failed = 0;
  std::size_t m_count = 0;
};

}  // namespace upinspect::report
