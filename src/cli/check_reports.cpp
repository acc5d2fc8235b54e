// SPDX-License-Identifier: Apache-2.0
#include "cli/check_reports.hpp"

#include "cli/output.hpp"
#include "report/check_github.hpp"
#include "report/check_json.hpp"
#include "report/check_junit.hpp"
#include "report/check_markdown.hpp"
#include "report/check_sarif.hpp"
#include "report/check_text.hpp"
#include "upinspect/inspect.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>

namespace upinspect::cli {
namespace {

using CheckReporterPointer = std::unique_ptr<report::CheckReporter>;

struct CheckFormat {
  std::string_view name;
  CheckReporterPointer (*make)(report::Sink sink, const report::TextStyle& style, const std::string& shard);
};

template <class Reporter>
CheckReporterPointer make_plain(report::Sink sink, const report::TextStyle&, const std::string&) {
  return std::make_unique<Reporter>(std::move(sink));
}

template <report::CheckJson::Form form>
CheckReporterPointer make_json(report::Sink sink, const report::TextStyle&, const std::string& shard) {
  return std::make_unique<report::CheckJson>(std::move(sink), form, version(), shard);
}

CheckReporterPointer make_text(report::Sink sink, const report::TextStyle& style, const std::string&) {
  return std::make_unique<report::CheckText>(std::move(sink), style);
}

CheckReporterPointer make_sarif(report::Sink sink, const report::TextStyle&, const std::string&) {
  return std::make_unique<report::CheckSarif>(std::move(sink), version());
}

constexpr std::array k_check_formats{
    CheckFormat{"text", make_text},
    CheckFormat{"json", make_json<report::CheckJson::Form::document>},
    CheckFormat{"ndjson", make_json<report::CheckJson::Form::lines>},
    CheckFormat{"sarif", make_sarif},
    CheckFormat{"junit", make_plain<report::CheckJunit>},
    CheckFormat{"github", make_plain<report::CheckGithub>},
    CheckFormat{"markdown", make_plain<report::CheckMarkdown>},
};

const CheckFormat& check_format_named(const std::string& name) {
  const auto found = std::find_if(k_check_formats.begin(), k_check_formats.end(), [&name](const CheckFormat& format) { return format.name == name; });
  if (found == k_check_formats.end()) {
    throw ::CLI::ValidationError("--report", "\"" + name + "\" is no format of this command; it has " + CheckReports::formats_in_words());
  }
  return *found;
}

}  // namespace

class CheckReports::Report {
 public:
  Report(const std::string& format, const std::string& path, const TextLook& look, const std::string& shard)
      : m_output(path),
        m_reporter(check_format_named(format).make([this](std::string_view piece) { m_output.write(piece); }, look.style_for(path), shard)) {}

  void subject(const Subject& subject) {
    m_reporter->subject(subject);
    m_output.flush();
  }

  void finish() {
    m_reporter->end();
    m_output.commit();
  }

 private:
  Output m_output;
  CheckReporterPointer m_reporter;
};

CheckReports::CheckReports(TextLook look, const Shard& shard) : m_look(std::move(look)), m_shard(shard.text()) {}
CheckReports::~CheckReports() = default;

std::vector<std::string> CheckReports::formats() {
  std::vector<std::string> out;
  for (const auto& format : k_check_formats) {
    out.emplace_back(format.name);
  }
  return out;
}

std::string CheckReports::formats_in_words() {
  std::string out;
  for (std::size_t i = 0; i < k_check_formats.size(); ++i) {
    out += i == 0 ? "" : i + 1 < k_check_formats.size() ? ", " : " or ";
    out += k_check_formats[i].name;
  }
  return out;
}

void CheckReports::add(const std::string& format, const std::string& path) {
  m_reports.push_back(std::make_unique<Report>(format, path, m_look, m_shard));
}

void CheckReports::add(const std::string& report) {
  const auto equals = report.find('=');
  if (equals == std::string::npos || equals + 1 == report.size()) {
    throw ::CLI::ValidationError("--report", "expected FORMAT=FILE, found \"" + report + "\"");
  }
  add(report.substr(0, equals), report.substr(equals + 1));
}

void CheckReports::subject(const Subject& subject) {
  for (const auto& report : m_reports) {
    report->subject(subject);
  }
}

void CheckReports::finish() {
  for (const auto& report : m_reports) {
    report->finish();
  }
}

}  // namespace upinspect::cli
