// SPDX-License-Identifier: Apache-2.0
#include "cli/file_reports.hpp"

#include "report/file_json.hpp"
#include "report/text.hpp"
#include "upinspect/inspect.hpp"

#include <stdexcept>
#include <thread>

namespace upinspect::cli {

class FileReports::Report {
 public:
  explicit Report(const std::string& path) : m_output(path) {}
  virtual ~Report() = default;
  virtual void artifact(const Artifact& artifact) = 0;
  virtual void passed_over(const std::string&, const std::string&) {}
  virtual void enter(const std::string&, const std::string&) {}
  virtual void leave() {}
  virtual void finish() { m_output.commit(); }

 protected:
  report::Sink sink() {
    return [this](std::string_view piece) { m_output.write(piece); };
  }

  Output m_output;
};

class FileReports::Json final : public Report {
 public:
  Json(const std::string& path, report::JsonForm form, bool threads) : Report(path), m_form(form), m_json(sink(), form, version()) {
    m_json.use_threads(threads);
    m_json.begin();
  }
  void artifact(const Artifact& artifact) override {
    m_json.artifact(artifact);
    if (m_form == report::JsonForm::lines) {
      m_output.flush();
    }
  }
  void passed_over(const std::string& path, const std::string& why) override {
    m_json.passed_over(path, why);
    if (m_form == report::JsonForm::lines) {
      m_output.flush();
    }
  }
  void finish() override {
    m_json.end();
    Report::finish();
  }

 private:
  report::JsonForm m_form;
  report::FileJson m_json;
};

class FileReports::Text final : public Report {
 public:
  Text(const std::string& path, const report::TextStyle& style) : Report(path), m_text(sink(), style) {}
  void artifact(const Artifact& artifact) override {
    m_text.artifact(artifact);
    m_output.flush();
  }
  void enter(const std::string& folder, const std::string& weights) override { m_text.enter(folder, weights); }
  void leave() override {
    m_text.leave();
    m_output.flush();
  }

 private:
  report::FileText m_text;
};

void FileReports::add(const std::string& format, const std::string& path) {
  const bool threads = m_threads && std::thread::hardware_concurrency() > 1;
  if (format == "text") {
    auto style = m_style;
    style.colour = style.colour && (path.empty() || path == "-");
    m_reports.push_back(std::make_shared<Text>(path, style));
  } else if (format == "json") {
    m_reports.push_back(std::make_shared<Json>(path, report::JsonForm::document, threads));
  } else if (format == "ndjson") {
    m_reports.push_back(std::make_shared<Json>(path, report::JsonForm::lines, threads));
  } else {
    throw std::invalid_argument("--report: \"" + format + "\" is no format of this command; it has text, json and ndjson");
  }
}

void FileReports::artifact(const Artifact& artifact) {
  for (const auto& report : m_reports) {
    report->artifact(artifact);
  }
}

void FileReports::enter(const std::string& folder, const std::string& weights) {
  for (const auto& report : m_reports) {
    report->enter(folder, weights);
  }
}

void FileReports::leave() {
  for (const auto& report : m_reports) {
    report->leave();
  }
}

void FileReports::passed_over(const std::string& path, const std::string& why) {
  for (const auto& report : m_reports) {
    report->passed_over(path, why);
  }
}

void FileReports::finish() {
  for (const auto& report : m_reports) {
    report->finish();
  }
}

}  // namespace upinspect::cli
