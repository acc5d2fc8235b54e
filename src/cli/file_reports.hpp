// SPDX-License-Identifier: Apache-2.0
// The reports that one run of `upinspect file` writes: one to standard output or -o, more by --report FORMAT=FILE.
#pragma once

#include "cli/output.hpp"
#include "report/text_style.hpp"
#include "upinspect/artifact.hpp"

#include <memory>
#include <string>
#include <vector>

namespace upinspect::cli {

class FileReports {
 public:
  explicit FileReports(report::TextStyle style) : m_style(style) {}

  /// Whether reports that are added from here on may be written by more than one thread.
  void use_threads(bool several) noexcept { m_threads = several; }

  /// `format` is text, json or ndjson; throws std::invalid_argument for another. An empty path is standard output.
  void add(const std::string& format, const std::string& path);

  void artifact(const Artifact& artifact);
  /// What follows are files of `folder`, whose adapter's weights are `weights` (empty: none): for people they and the
  /// configuration beside them are one.
  void enter(const std::string& folder, const std::string& weights);
  void leave();
  /// Something in a folder that was not looked into: the reports for machines tell it too.
  void passed_over(const std::string& path, const std::string& why);
  void finish();

 private:
  class Report;
  class Json;
  class Text;

  report::TextStyle m_style;
  bool m_threads = false;
  std::vector<std::shared_ptr<Report>> m_reports;
};

}  // namespace upinspect::cli
