// SPDX-License-Identifier: Apache-2.0
// The answer of upinspect check as SARIF 2.1.0, which code scanning and editors read.
#pragma once

#include "report/check_reporter.hpp"
#include "report/json_writer.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::report {

/// A path as the URI of its file: relative where the path is, every byte that is not unreserved written %XX.
[[nodiscard]] std::string path_uri(std::string_view path);

/// `raw` as the text of a message: as escape_terminal has it, with braces doubled (3.11.5) and nothing left that is a link (3.11.6).
[[nodiscard]] std::string escape_sarif_message(std::string_view raw);

/// A result for each failing file and for each finding of every file. The rules follow the results, in the order of their first one,
/// so that nothing is kept of a file that is done.
class CheckSarif final : public CheckReporter {
 public:
  CheckSarif(Sink sink, std::string_view version);

  void subject(const Subject& subject) override;
  void end() override;

 private:
  /// What a result says, and of what.
  struct Result {
    const Subject& subject;
    std::string rule;
    Severity level;
    std::string_view message;
    const Finding* finding = nullptr;  ///< nothing: the status of the file
  };

  void result(const Result& result);
  void location(const Result& result);
  void properties(const Result& result);
  [[nodiscard]] std::size_t index_of(const std::string& rule);
  [[nodiscard]] std::string fingerprint(const Result& result);
  void tool();

  JsonWriter m_out;
  std::string_view m_version;
  std::vector<std::string> m_rules;
  std::map<std::string, std::size_t, std::less<>> m_index;  ///< of each rule in m_rules
  std::map<std::string, std::size_t> m_seen;                ///< how often each fingerprint came in the file at hand
};

}  // namespace upinspect::report
