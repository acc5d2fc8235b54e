// SPDX-License-Identifier: Apache-2.0
// The reports that one run of `upinspect check` writes: one to standard output or -o, more by --report FORMAT=FILE.
#pragma once

#include "cli/shard.hpp"
#include "cli/text_look.hpp"
#include "upinspect/integrity.hpp"

#include <memory>
#include <string>
#include <vector>

namespace upinspect::cli {

class CheckReports {
 public:
  CheckReports(TextLook look, const Shard& shard);
  ~CheckReports();
  CheckReports(const CheckReports&) = delete;
  CheckReports& operator=(const CheckReports&) = delete;

  /// The formats there are, in the order of their table.
  [[nodiscard]] static std::vector<std::string> formats();
  /// "text, json or ndjson", for all that there are.
  [[nodiscard]] static std::string formats_in_words();

  /// Throws CLI::ValidationError for another format. An empty path is standard output.
  void add(const std::string& format, const std::string& path);
  /// FORMAT=FILE. Throws the same.
  void add(const std::string& report);

  void subject(const Subject& subject);
  void finish();

 private:
  class Report;

  TextLook m_look;
  std::string m_shard;
  std::vector<std::unique_ptr<Report>> m_reports;
};

}  // namespace upinspect::cli
