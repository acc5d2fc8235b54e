// SPDX-License-Identifier: Apache-2.0
// upinspect lsb: what do the low bits of one file hold?
#include "cli/command.hpp"
#include "cli/extract.hpp"
#include "cli/fail_on.hpp"
#include "cli/memory_size.hpp"
#include "cli/output.hpp"
#include "cli/process.hpp"
#include "cli/progress.hpp"
#include "cli/raw_layout.hpp"
#include "cli/text_look.hpp"
#include "report/low_bits_json.hpp"
#include "report/low_bits_text.hpp"
#include "upinspect/low_bits.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <unistd.h>

namespace upinspect::cli {
namespace {

struct LsbArguments {
  std::string path;
  RawOptions raw;
  std::string format = "text";
  std::string output;
  TextLook look;
  std::string fail_on = "never";
  std::string tensor;
  Extraction extraction;
  std::string memory = "1G";
  unsigned jobs = 0;
  bool no_payloads = false;
};

void declare(::CLI::App& app, LsbArguments& options) {
  app.add_option("path", options.path, "A file or adapter folder")->required()->type_name("PATH");
  app.add_option("--tensor", options.tensor, "Search only tensors whose name matches")->type_name("GLOB");
  options.extraction.declare(app);
  app.add_flag("--no-messages", options.no_payloads, "Planes and provenance only: do not search for messages");
  options.raw.declare(app);
  app.add_option("--format", options.format, "text, json or ndjson")->type_name("FORMAT")
      ->check(::CLI::IsMember({"text", "json", "ndjson"}));
  app.add_option("-o,--output", options.output, "Write the report here, not to standard output")->type_name("FILE");
  options.look.declare(app, "One line", "Everything, nothing cut away");
  app.add_option("--fail-on", options.fail_on, "Exit with 1 at findings of this severity")->type_name("SEVERITY")
      ->check(::CLI::IsMember({"note", "warning", "error", "never"}));
  app.add_option("-j,--jobs", options.jobs, "Threads; 0: one for each core")->type_name("N");
  app.add_option("--max-memory", options.memory, "Most that file content may claim, such as 512M")->type_name("BYTES");
}

void print(const LowBits& result, const LsbArguments& options) {
  Output output(options.output);
  const auto sink = [&output](std::string_view piece) { output.write(piece); };
  if (options.format == "text") {
    sink(report::low_bits_text(result, options.look.style_for(options.output)));
  } else {
    report::JsonWriter writer(sink, options.format == "json" ? report::JsonLayout::pretty : report::JsonLayout::compact);
    report::write_low_bits(writer, result, version());
  }
  output.commit();
}

bool fails(const LowBits& result, const std::string& on) {
  return any_as_bad(result.findings, on) || any_as_bad(result.artifact.findings, on);
}

Exit run(const LsbArguments& options) {
  options.extraction.check();
  LowBitsOptions search;
  search.payloads = !options.no_payloads;
  search.inspect.raw = options.raw.layout();
  search.inspect.tensor_glob = options.tensor;
  search.inspect.limits.memory = memory_size(options.memory);
  search.inspect.jobs = options.jobs;
  search.inspect.stop = &stop_requested();
  Progress progress(is_terminal(STDERR_FILENO) && !options.look.quiet);
  search.inspect.progress = [&progress](std::uint64_t done, std::uint64_t total) { progress.update(done, total); };
  try {
    progress.start(options.path);
    const auto result = search_low_bits(options.path, search);
    progress.clear();
    print(result, options);
    const bool written = options.extraction.write(result.payloads);
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
