// SPDX-License-Identifier: Apache-2.0
// upinspect check: may CI let it pass?
#include "cli/check_reports.hpp"
#include "cli/command.hpp"
#include "cli/expectations.hpp"
#include "cli/fail_on.hpp"
#include "cli/memory_size.hpp"
#include "cli/output.hpp"
#include "cli/process.hpp"
#include "cli/shard.hpp"
#include "cli/text_look.hpp"
#include "report/policy_json.hpp"
#include "upinspect/policy.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <memory>

namespace upinspect::cli {
namespace {

struct CheckArguments {
  ExpectationSources sources;
  bool allow_extra = false;
  std::string shard;
  std::string fail_on;
  std::string policy;
  bool print_policy = false;
  std::string today;
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
  auto* hub = app.add_option("--hub", options.sources.hub, "A saved answer of the Hugging Face Hub, /api/models/REPO?blobs=true or .../tree/main")->type_name("FILE");
  auto* second = app.add_option("--autov2", options.sources.autov2, "The first 10 digits of SHA-256, as model sites show them")->type_name("HEX");
  auto* third = app.add_option("--autov3", options.sources.autov3, "12 or 64 digits of the SHA-256 of what follows the header")->type_name("HEX");
  lock->excludes(sums, hub, digest, pointer, second, third);
  sums->excludes(hub, digest, pointer, second, third);
  hub->excludes(digest, pointer, second, third);
  pointer->excludes(digest);
  app.add_option("--shard", options.shard, "Check each N-th file only, from the I-th on, so that N runs share the work")->type_name("I/N");
  app.add_flag("--allow-extra", options.allow_extra, "Files in the folders that are on no list may be there");
  app.add_option("--policy", options.policy, "Rules of the site: formats, dtypes, ranks, severities, waivers")->type_name("FILE");
  app.add_flag("--print-policy", options.print_policy, "Print the policy in force, to be filled in, and check nothing");
  app.add_option("--today", options.today, "The day that waivers are held against; that of the clock unless given")->type_name("YYYY-MM-DD");
  app.add_option("--fail-on", options.fail_on, "Findings of this severity are not let pass; as the policy says, or error")->type_name("SEVERITY")
      ->check(::CLI::IsMember({"note", "warning", "error", "never"}));
  app.add_option("--format", options.format, CheckReports::formats_in_words())->type_name("FORMAT")
      ->check(::CLI::IsMember(CheckReports::formats()));
  app.add_option("-o,--output", options.output, "Write the report here, not to standard output")->type_name("FILE");
  app.add_option("--report", options.reports, "Write another report, such as sarif=check.sarif")->type_name("FORMAT=FILE")->allow_extra_args(false);
  options.look.declare(app, "How it ended, nothing more", "What is well, too");
  app.add_option("-j,--jobs", options.jobs, "Threads; 0: one for each core")->type_name("N");
  app.add_option("--max-memory", options.memory, "Most that file content may claim, such as 512M")->type_name("BYTES");
}

std::shared_ptr<const Policy> policy_of(const CheckArguments& options) {
  return std::make_shared<const Policy>(options.policy.empty() ? Policy() : read_policy(options.policy));
}

/// In UTC, so that it is the same day for everybody.
std::string day_of_the_clock() {
  const auto now = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const std::chrono::year_month_day day(now);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
}

Exit print_policy(const CheckArguments& options) {
  Output output(options.output);
  report::JsonWriter writer([&output](std::string_view piece) { output.write(piece); }, report::JsonLayout::pretty);
  report::write_policy(writer, *policy_of(options));
  output.commit();
  return Exit::ok;
}

Exit check(const std::vector<Expectation>& expected, const CheckArguments& options, const Shard& shard) {
  CheckOptions check;
  check.policy = policy_of(options);
  check.today = options.today.empty() ? day_of_the_clock() : options.today;
  check.fail_on = options.fail_on.empty() ? check.policy->fail_on : severity_named(options.fail_on);
  check.allow_extra = options.allow_extra;
  check.inspect.jobs = options.jobs;
  check.inspect.limits.memory = memory_size(options.memory);
  check.inspect.stop = &stop_requested();
  CheckReports reports(options.look, shard);
  reports.add(options.format, options.output);
  for (const auto& report : options.reports) {
    reports.add(report);
  }
  bool failed = false;
  check_files(expected, check, [&](const Subject& subject) {
    failed = failed || fails(subject);
    reports.subject(subject);
  });
  reports.finish();
  return failed ? Exit::findings : Exit::ok;
}

Exit run(const CheckArguments& options) {
  try {
    if (!options.today.empty() && !is_day(options.today)) {
      throw ExpectationError("--today: expected a day, as 2030-01-31, found \"" + options.today + "\"");
    }
    if (options.print_policy) {
      return print_policy(options);
    }
    const auto shard = Shard::of(options.shard);
    auto expected = gather_expectations(options.sources);
    return expected ? check(shard.part_of(std::move(*expected)), options, shard) : Exit::failure;
  } catch (const ExpectationError& error) {
    complain(error.what());
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
