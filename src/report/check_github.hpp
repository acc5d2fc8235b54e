// SPDX-License-Identifier: Apache-2.0
// The answer of upinspect check as workflow commands, which GitHub Actions shows as annotations.
#pragma once

#include "report/check_reporter.hpp"
#include "report/sink.hpp"

#include <cstddef>

namespace upinspect::report {

/// A value of a command, such as that of `file=`: % CR LF : , as the toolkit escapes them.
[[nodiscard]] std::string escape_command_property(std::string_view text);
/// What stands after `::`: % CR LF.
[[nodiscard]] std::string escape_command_data(std::string_view text);

/// A command for each failing file, and for each other finding that is more than a note; a line in plain words ends it. No line
/// begins with what a file says.
class CheckGithub final : public CheckReporter {
 public:
  explicit CheckGithub(Sink sink) : m_sink(std::move(sink)) {}

  void subject(const Subject& subject) override;
  void end() override;

 private:
  void command(std::string_view name, std::string_view path, std::string_view title, std::string_view message);

  Sink m_sink;
  std::size_t m_failed = 0;
  std::size_t m_count = 0;
};

}  // namespace upinspect::report
