// SPDX-License-Identifier: Apache-2.0
// upinspect diff: what changed, down to the bit, and does the change say something?
#include "cli/command.hpp"
#include "cli/extract.hpp"
#include "cli/output.hpp"
#include "cli/process.hpp"
#include "cli/progress.hpp"
#include "cli/raw_layout.hpp"
#include "report/diff_json.hpp"
#include "report/diff_text.hpp"
#include "upinspect/difference.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <unistd.h>

namespace upinspect::cli {
namespace {

struct DiffArguments {
  std::string before;
  std::string after;
  RawOptions raw;
  std::string format = "text";
  std::string output;
  std::string colour = "auto";
  std::string fail_on = "difference";
  std::string tensor;
  std::string extract;
  std::string extract_folder;
  unsigned jobs = 0;
  bool no_payloads = false;
  bool force = false;
  bool quiet = false;
  bool verbose = false;
};

void declare(::CLI::App& app, DiffArguments& options) {
  app.add_option("old", options.before, "The older file or adapter folder")->required()->type_name("OLD");
  app.add_option("new", options.after, "The newer one")->required()->type_name("NEW");
  app.add_option("--tensor", options.tensor, "Compare only tensors whose name matches")->type_name("GLOB");
  app.add_option("--extract", options.extract, "Write the bytes of the best message here")->type_name("FILE");
  app.add_option("--extract-dir", options.extract_folder, "Write the bytes of every message into this folder")->type_name("DIR");
  app.add_flag("--force", options.force, "Let --extract and --extract-dir overwrite files");
  app.add_flag("--no-messages", options.no_payloads, "Do not search changes for messages");
  options.raw.declare(app);
  app.add_option("--format", options.format, "text, json or ndjson")->type_name("FORMAT")
      ->check(::CLI::IsMember({"text", "json", "ndjson"}));
  app.add_option("-o,--output", options.output, "Write the report here, not to standard output")->type_name("FILE");
  app.add_option("--color,--colour", options.colour, "auto, always or never")->type_name("WHEN")
      ->check(::CLI::IsMember({"auto", "always", "never"}));
  app.add_flag("-q,--quiet", options.quiet, "One line");
  app.add_flag("-v,--verbose", options.verbose, "Everything, nothing cut away");
  app.add_option("--fail-on", options.fail_on, "Exit with 1 at any difference, at findings of a severity, or never")
      ->type_name("WHAT")->check(::CLI::IsMember({"difference", "note", "warning", "error", "never"}));
  app.add_option("-j,--jobs", options.jobs, "Threads; 0: one for each core")->type_name("N");
}

report::TextStyle style_of(const DiffArguments& options) {
  report::TextStyle style;
  const bool to_stdout = options.output.empty() || options.output == "-";
  const auto mode = options.colour == "always"  ? ColourMode::always
                    : options.colour == "never" ? ColourMode::never
                                                : ColourMode::automatic;
  style.colour = to_stdout && wants_colour(mode);
  style.unicode = locale_is_utf8();
  style.width = terminal_width();
  style.verbosity = options.quiet ? -1 : options.verbose ? 1 : 0;
  return style;
}

void print(const Difference& difference, const DiffArguments& options) {
  Output output(options.output);
  const auto sink = [&output](std::string_view piece) { output.write(piece); };
  if (options.format == "text") {
    sink(report::diff_text(difference, style_of(options)));
  } else {
    report::JsonWriter writer(sink, options.format == "json" ? report::JsonLayout::pretty : report::JsonLayout::compact);
    report::write_difference(writer, difference, version());
  }
  output.commit();
}

/// A place that is taken is said before the work, not after it.
void check_targets(const DiffArguments& options) {
  if (!options.extract.empty()) {
    expect_writable(options.extract, options.force ? Overwrite::yes : Overwrite::no);
  }
}

bool extract(const Difference& difference, const DiffArguments& options) {
  const auto overwrite = options.force ? Overwrite::yes : Overwrite::no;
  if (!options.extract_folder.empty()) {
    extract_all(options.extract_folder, difference.payloads, overwrite);
  }
  if (options.extract.empty()) {
    return true;
  }
  if (difference.payloads.empty()) {
    complain(options.extract, "not written: no message was found");
    return false;
  }
  extract_to(options.extract, difference.payloads.front(), overwrite);
  return true;
}

bool fails(const Difference& difference, const std::string& on) {
  if (on == "difference") {
    return difference.verdict != DiffVerdict::identical;
  }
  if (on == "never") {
    return false;
  }
  const auto least = on == "note" ? Severity::note : on == "warning" ? Severity::warning : Severity::error;
  return std::any_of(difference.findings.begin(), difference.findings.end(), [least](const Finding& finding) { return finding.severity >= least; });
}

Exit run(const DiffArguments& options) {
  check_targets(options);
  Progress progress(is_terminal(STDERR_FILENO) && !options.quiet);
  DiffOptions diff;
  diff.payloads = !options.no_payloads;
  diff.inspect.raw = options.raw.layout();
  diff.inspect.tensor_glob = options.tensor;
  diff.inspect.jobs = options.jobs;
  diff.inspect.stop = &stop_requested();
  diff.inspect.progress = [&progress](std::uint64_t done, std::uint64_t total) { progress.update(done, total); };
  try {
    progress.start(options.after);
    const auto difference = compare_files(options.before, options.after, diff);
    progress.clear();
    print(difference, options);
    const bool written = extract(difference, options);
    return !written ? Exit::failure : fails(difference, options.fail_on) ? Exit::findings : Exit::ok;
  } catch (const InputError& error) {
    progress.clear();
    complain(error.what());
  }
  return Exit::failure;
}

}  // namespace

std::function<Exit()> add_diff(::CLI::App& app) {
  auto options = std::make_shared<DiffArguments>();
  declare(app, *options);
  return [options] { return run(*options); };
}

}  // namespace upinspect::cli
