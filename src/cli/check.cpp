// SPDX-License-Identifier: Apache-2.0
// upinspect check: may CI let it pass?
#include "cli/command.hpp"
#include "cli/expectations.hpp"
#include "cli/fail_on.hpp"
#include "cli/memory_size.hpp"
#include "cli/output.hpp"
#include "cli/process.hpp"
#include "cli/text_look.hpp"
#include "report/check_json.hpp"
#include "report/check_text.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace upinspect::cli {
namespace {

struct CheckArguments {
  ExpectationSources sources;
  bool allow_extra = false;
  std::string fail_on = "error";
  std::string format = "text";
  std::string output;
  std::vector<std::string> reports;
  TextLook look;
  std::string memory = "1G";
  unsigned jobs = 0;
};

void declare(::CLI::App& app, CheckArguments& options) {
  app.add_option("path", options.sources.paths, "Files and folders, with their subfolders")->type_name("PATH");
  auto* lock = app.add_option("--lock", options.sources.lock, "What upinspect lock wrote; its paths are taken from its folder")->type_name("FILE");
  auto* sums = app.add_option("--checksums", options.sources.checksums, "What sha256sum wrote, --tag or not")->type_name("FILE");
  auto* digest = app.add_option("--sha256", options.sources.sha256, "What the one file must have")->type_name("HEX");
  auto* pointer = app.add_option("--lfs-pointer", options.sources.lfs_pointer, "The Git LFS pointer of the one file")->type_name("FILE");
  lock->excludes(sums, digest, pointer);
  sums->excludes(digest, pointer);
  digest->excludes(pointer);
  app.add_flag("--allow-extra", options.allow_extra, "Files in the folders that are on no list may be there");
  app.add_option("--fail-on", options.fail_on, "Findings of this severity are not let pass")->type_name("SEVERITY")
      ->check(::CLI::IsMember({"note", "warning", "error", "never"}));
  app.add_option("--format", options.format, "text, json or ndjson")->type_name("FORMAT")
      ->check(::CLI::IsMember({"text", "json", "ndjson"}));
  app.add_option("-o,--output", options.output, "Write the report here, not to standard output")->type_name("FILE");
  app.add_option("--report", options.reports, "Write another report, such as json=report.json")->type_name("FORMAT=FILE")->allow_extra_args(false);
  options.look.declare(app, "How it ended, nothing more", "What is well, too");
  app.add_option("-j,--jobs", options.jobs, "Threads; 0: one for each core")->type_name("N");
  app.add_option("--max-memory", options.memory, "Most that file content may claim, such as 512M")->type_name("BYTES");
}

/// One report of a run.
class CheckReport {
 public:
  CheckReport(const std::string& format, const std::string& path, const TextLook& look) : m_output(path) {
    const auto sink = [this](std::string_view piece) { m_output.write(piece); };
    if (format == "text") {
      m_text.emplace(sink, look.style_for(path));
    } else if (format == "json" || format == "ndjson") {
      m_json.emplace(sink, format == "json" ? report::CheckJson::Form::document : report::CheckJson::Form::lines, version());
    } else {
      throw ::CLI::ValidationError("--report", "\"" + format + "\" is no format of this command; it has text, json and ndjson");
    }
  }

  void subject(const Subject& subject) {
    if (m_text) {
      m_text->subject(subject);
    } else {
      m_json->subject(subject);
    }
    m_output.flush();
  }

  void finish() {
    if (m_text) {
      m_text->end();
    } else {
      m_json->end();
    }
    m_output.commit();
  }

 private:
  Output m_output;
  std::optional<report::CheckText> m_text;
  std::optional<report::CheckJson> m_json;
};

std::vector<std::unique_ptr<CheckReport>> reports_of(const CheckArguments& options) {
  std::vector<std::unique_ptr<CheckReport>> reports;
  reports.push_back(std::make_unique<CheckReport>(options.format, options.output, options.look));
  for (const auto& report : options.reports) {
    const auto equals = report.find('=');
    if (equals == std::string::npos || equals + 1 == report.size()) {
      throw ::CLI::ValidationError("--report", "expected FORMAT=FILE, found \"" + report + "\"");
    }
    reports.push_back(std::make_unique<CheckReport>(report.substr(0, equals), report.substr(equals + 1), options.look));
  }
  return reports;
}

Exit check(const std::vector<Expectation>& expected, const CheckArguments& options) {
  CheckOptions check;
  check.fail_on = severity_named(options.fail_on);
  check.allow_extra = options.allow_extra;
  check.inspect.jobs = options.jobs;
  check.inspect.limits.memory = memory_size(options.memory);
  check.inspect.stop = &stop_requested();
  const auto reports = reports_of(options);
  bool failed = false;
  check_files(expected, check, [&](const Subject& subject) {
    failed = failed || fails(subject);
    for (const auto& report : reports) {
      report->subject(subject);
    }
  });
  for (const auto& report : reports) {
    report->finish();
  }
  return failed ? Exit::findings : Exit::ok;
}

Exit run(const CheckArguments& options) {
  try {
    const auto expected = gather_expectations(options.sources);
    return expected ? check(*expected, options) : Exit::failure;
  } catch (const ExpectationError& error) {
    complain(error.what());
  } catch (const InputError& error) {
    complain(options.sources.list(), error.what());
  }
  return Exit::failure;
}

}  // namespace

std::function<Exit()> add_check(::CLI::App& app) {
  auto options = std::make_shared<CheckArguments>();
  declare(app, *options);
  return [options] { return run(*options); };
}

}  // namespace upinspect::cli
