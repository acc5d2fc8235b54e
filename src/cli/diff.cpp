// SPDX-License-Identifier: Apache-2.0
// upinspect diff: what changed, down to the bit, and does the change say something?
#include "cli/command.hpp"
#include "cli/extract.hpp"
#include "cli/fail_on.hpp"
#include "cli/output.hpp"
#include "cli/process.hpp"
#include "cli/progress.hpp"
#include "cli/raw_layout.hpp"
#include "cli/text_look.hpp"
#include "report/diff_json.hpp"
#include "report/diff_text.hpp"
#include "upinspect/difference.hpp"

#include <CLI/CLI.hpp>

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
  TextLook look;
  std::string fail_on = "difference";
  std::string tensor;
  Extraction extraction;
  unsigned jobs = 0;
  bool no_payloads = false;
};

void declare(::CLI::App& app, DiffArguments& options) {
  app.add_option("old", options.before, "The older file or adapter folder")->required()->type_name("OLD");
  app.add_option("new", options.after, "The newer one")->required()->type_name("NEW");
  app.add_option("--tensor", options.tensor, "Compare only tensors whose name matches")->type_name("GLOB");
  options.extraction.declare(app);
  app.add_flag("--no-messages", options.no_payloads, "Do not search changes for messages");
  options.raw.declare(app);
  app.add_option("--format", options.format, "text, json or ndjson")->type_name("FORMAT")
      ->check(::CLI::IsMember({"text", "json", "ndjson"}));
  app.add_option("-o,--output", options.output, "Write the report here, not to standard output")->type_name("FILE");
  options.look.declare(app, "One line", "Everything, nothing cut away");
  app.add_option("--fail-on", options.fail_on, "Exit with 1 at any difference, at findings of a severity, or never")
      ->type_name("WHAT")->check(::CLI::IsMember({"difference", "note", "warning", "error", "never"}));
  app.add_option("-j,--jobs", options.jobs, "Threads; 0: one for each core")->type_name("N");
}

void print(const Difference& difference, const DiffArguments& options) {
  Output output(options.output);
  const auto sink = [&output](std::string_view piece) { output.write(piece); };
  if (options.format == "text") {
    sink(report::diff_text(difference, options.look.style_for(options.output)));
  } else {
    report::JsonWriter writer(sink, options.format == "json" ? report::JsonLayout::pretty : report::JsonLayout::compact);
    report::write_difference(writer, difference, version());
  }
  output.commit();
}

bool fails(const Difference& difference, const std::string& on) {
  if (on == "difference") {
    return difference.verdict != DiffVerdict::identical;
  }
  return any_as_bad(difference.findings, on);
}

Exit run(const DiffArguments& options) {
  options.extraction.check();
  Progress progress(is_terminal(STDERR_FILENO) && !options.look.quiet);
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
    const bool written = options.extraction.write(difference.payloads);
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
