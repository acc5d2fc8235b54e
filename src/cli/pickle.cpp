// SPDX-License-Identifier: Apache-2.0
// upinspect pickle: what would unpickling do?
#include "cli/command.hpp"
#include "cli/fail_on.hpp"
#include "cli/memory_size.hpp"
#include "cli/output.hpp"
#include "cli/process.hpp"
#include "cli/text_look.hpp"
#include "report/pickle_listing_json.hpp"
#include "report/pickle_listing_text.hpp"
#include "upinspect/pickle_listing.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace upinspect::cli {
namespace {

struct PickleArguments {
  std::string path;
  std::string format = "text";
  std::string output;
  TextLook look;
  std::string fail_on = "never";
  std::string memory = "1G";
  std::uint64_t most_opcodes = PickleListingOptions().most_steps;
};

void declare(::CLI::App& app, PickleArguments& options) {
  app.add_option("path", options.path, "A file that may hold pickles: .bin, .pt, .ckpt, .pkl, .npy, .npz, an archive")
      ->required()
      ->type_name("PATH");
  app.add_option("--max-opcodes", options.most_opcodes, "List at most so many opcodes; all are run and judged")->type_name("N");
  app.add_option("--format", options.format, "text, json or ndjson")->type_name("FORMAT")
      ->check(::CLI::IsMember({"text", "json", "ndjson"}));
  app.add_option("-o,--output", options.output, "Write the report here, not to standard output")->type_name("FILE");
  options.look.declare(app, "The verdict alone", "Stack effects too, nothing cut away");
  app.add_option("--fail-on", options.fail_on, "Exit with 1 at findings of this severity")->type_name("SEVERITY")
      ->check(::CLI::IsMember({"note", "warning", "error", "never"}));
  app.add_option("--max-memory", options.memory, "Most that file content may claim, such as 512M")->type_name("BYTES");
}

void print(const PickleListing& listing, const PickleArguments& options) {
  Output output(options.output);
  const auto sink = [&output](std::string_view piece) { output.write(piece); };
  if (options.format == "text") {
    sink(report::pickle_listing_text(listing, options.look.style_for(options.output)));
  } else {
    report::JsonWriter writer(sink, options.format == "json" ? report::JsonLayout::pretty : report::JsonLayout::compact);
    report::write_pickle_listing(writer, listing, version());
  }
  output.commit();
}

Exit run(const PickleArguments& options) {
  PickleListingOptions listing;
  listing.most_steps = options.most_opcodes;
  listing.inspect.limits.memory = memory_size(options.memory);
  listing.inspect.stop = &stop_requested();
  try {
    const auto result = list_pickles(options.path, listing);
    print(result, options);
    return any_as_bad(result.artifact.findings, options.fail_on) ? Exit::findings : Exit::ok;
  } catch (const InputError& error) {
    complain(options.path, error.what());
  }
  return Exit::failure;
}

}  // namespace

std::function<Exit()> add_pickle(::CLI::App& app) {
  auto options = std::make_shared<PickleArguments>();
  declare(app, *options);
  return [options] { return run(*options); };
}

}  // namespace upinspect::cli
