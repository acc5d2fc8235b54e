// SPDX-License-Identifier: Apache-2.0
// upinspect lsb: what do the low bits of one file hold?
#include "cli/command.hpp"
#include "cli/extract.hpp"
#include "cli/memory_size.hpp"
#include "cli/output.hpp"
#include "cli/process.hpp"
#include "cli/progress.hpp"
#include "cli/raw_layout.hpp"
#include "report/low_bits_json.hpp"
#include "report/low_bits_text.hpp"
#include "upinspect/low_bits.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <unistd.h>

namespace upinspect::cli {
namespace {

struct LsbArguments {
  std::string path;
  RawOptions raw;
  std::string format = "text";
  std::string output;
  std::string colour = "auto";
  std::string fail_on = "never";
  std::string tensor;
  std::string extract;
  std::string extract_folder;
  std::string memory = "1G";
  unsigned jobs = 0;
  bool no_payloads = false;
  bool force = false;
  bool quiet = false;
  bool verbose = false;
};

void declare(::CLI::App& app, LsbArguments& options) {
  app.add_option("path", options.path, "A file or adapter folder")->required()->type_name("PATH");
  app.add_option("--tensor", options.tensor, "Search only tensors whose name matches")->type_name("GLOB");
  app.add_option("--extract", options.extract, "Write the bytes of the best message here")->type_name("FILE");
  app.add_option("--extract-dir", options.extract_folder, "Write the bytes of every message into this folder")->type_name("DIR");
  app.add_flag("--force", options.force, "Let --extract and --extract-dir overwrite files");
  app.add_flag("--no-messages", options.no_payloads, "Planes and provenance only: do not search for messages");
  options.raw.declare(app);
  app.add_option("--format", options.format, "text, json or ndjson")->type_name("FORMAT")
      ->check(::CLI::IsMember({"text", "json", "ndjson"}));
  app.add_option("-o,--output", options.output, "Write the report here, not to standard output")->type_name("FILE");
  app.add_option("--color,--colour", options.colour, "auto, always or never")->type_name("WHEN")
      ->check(::CLI::IsMember({"auto", "always", "never"}));
  app.add_flag("-q,--quiet", options.quiet, "One line");
  app.add_flag("-v,--verbose", options.verbose, "Everything, nothing cut away");
  app.add_option("--fail-on", options.fail_on, "Exit with 1 at findings of this severity")->type_name("SEVERITY")
      ->check(::CLI::IsMember({"note", "warning", "error", "never"}));
  app.add_option("-j,--jobs", options.jobs, "Threads; 0: one for each core")->type_name("N");
  app.add_option("--max-memory", options.memory, "Most that file content may claim, such as 512M")->type_name("BYTES");
}

report::TextStyle style_of(const LsbArguments& options) {
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

void print(const LowBits& result, const LsbArguments& options) {
  Output output(options.output);
  const auto sink = [&output](std::string_view piece) { output.write(piece); };
  if (options.format == "text") {
    sink(report::low_bits_text(result, style_of(options)));
  } else {
    report::JsonWriter writer(sink, options.format == "json" ? report::JsonLayout::pretty : report::JsonLayout::compact);
    report::write_low_bits(writer, result, version());
  }
  output.commit();
}

bool extract(const LowBits& result, const LsbArguments& options) {
  const auto overwrite = options.force ? Overwrite::yes : Overwrite::no;
  if (!options.extract_folder.empty()) {
    extract_all(options.extract_folder, result.payloads, overwrite);
  }
  if (options.extract.empty()) {
    return true;
  }
  if (result.payloads.empty()) {
    complain(options.extract, "not written: no message was found");
    return false;
  }
  extract_to(options.extract, result.payloads.front(), overwrite);
  return true;
}

bool fails(const LowBits& result, const std::string& on) {
  if (on == "never") {
    return false;
  }
  const auto least = on == "note" ? Severity::note : on == "warning" ? Severity::warning : Severity::error;
  const auto any = [least](const std::vector<Finding>& findings) {
    return std::any_of(findings.begin(), findings.end(), [least](const Finding& finding) { return finding.severity >= least; });
  };
  return any(result.findings) || any(result.artifact.findings);
}

Exit run(const LsbArguments& options) {
  if (!options.extract.empty()) {
    expect_writable(options.extract, options.force ? Overwrite::yes : Overwrite::no);
  }
  LowBitsOptions search;
  search.payloads = !options.no_payloads;
  search.inspect.raw = options.raw.layout();
  search.inspect.tensor_glob = options.tensor;
  search.inspect.limits.memory = memory_size(options.memory);
  search.inspect.jobs = options.jobs;
  search.inspect.stop = &stop_requested();
  Progress progress(is_terminal(STDERR_FILENO) && !options.quiet);
  search.inspect.progress = [&progress](std::uint64_t done, std::uint64_t total) { progress.update(done, total); };
  try {
    progress.start(options.path);
    const auto result = search_low_bits(options.path, search);
    progress.clear();
    print(result, options);
    const bool written = extract(result, options);
    return !written ? Exit::failure : fails(result, options.fail_on) ? Exit::findings : Exit::ok;
  } catch (const InputError& error) {
    progress.clear();
    complain(options.path, error.what());
  }
  return Exit::failure;
}

}  // namespace

std::function<Exit()> add_lsb(::CLI::App& app) {
  auto options = std::make_shared<LsbArguments>();
  declare(app, *options);
  return [options] { return run(*options); };
}

}  // namespace upinspect::cli
