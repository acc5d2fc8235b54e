// SPDX-License-Identifier: Apache-2.0
// upinspect merge: the weights of a base model with an adapter's updates in them.
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/process.hpp"
#include "cli/progress.hpp"
#include "cli/text_look.hpp"
#include "convert/merge.hpp"
#include "convert/refusal.hpp"
#include "report/merge_json.hpp"
#include "report/merge_text.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cmath>
#include <memory>
#include <unistd.h>

namespace upinspect::cli {

namespace {

struct MergeOptions {
  std::string base;
  std::string adapter;
  std::string output;
  std::string config;
  std::string scale = "1";
  bool precise = false;
  bool undo = false;
  bool force = false;
  unsigned jobs = 0;
  std::string format = "text";
  TextLook look;
};

constexpr const char* k_merge_footer =
    "Nothing is written before every module has found its weight and fits it; all that does not is told. Weights of 16\n"
    "bits and fewer are computed in f32, wider ones in f64, and rounded once; all other tensors are copied bit for bit.\n"
    "What was written is read back and compared.\n\n"
    "  upinspect merge model.safetensors lora.safetensors -o merged.safetensors\n"
    "  upinspect merge model.safetensors.index.json adapter/ -o merged/ --scale 0.8\n"
    "  upinspect merge merged.safetensors lora.safetensors -o model.safetensors --undo\n\n"
    "Exit codes: 0 done and read back, 2 not done: the output is not there, or as it was before.";

void declare(::CLI::App& app, MergeOptions& options) {
  app.add_option("base", options.base, "Base model: safetensors or torch, an index of shards, a folder")->required()->type_name("BASE");
  app.add_option("adapter", options.adapter, "Adapter: a weight file or its folder")->required()->type_name("ADAPTER");
  app.add_option("-o,--output", options.output, "FILE.safetensors; a folder where the base is in shards")->required()->type_name("OUT");
  app.add_option("--scale", options.scale, "Multiply the adapter's own scale by this")->type_name("S");
  app.add_option("--config", options.config, "adapter_config.json that does not lie beside the adapter")->type_name("FILE");
  app.add_flag("--precise", options.precise, "Compute everything in f64");
  app.add_flag("--undo", options.undo, "Subtract: take back what was merged");
  app.add_flag("--force", options.force, "Replace what is there");
  app.add_option("-j,--jobs", options.jobs, "Threads; 0: one for each core")->type_name("N")->check(::CLI::Range(0U, 256U));
  app.add_option("--format", options.format, "Report as text or json")->type_name("FORMAT")->check(::CLI::IsMember({"text", "json"}));
  options.look.declare(app, "One line", "List all tensors that changed");
  app.footer(k_merge_footer);
}

double parse_scale(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    throw ::CLI::ValidationError("--scale", "expected a number, found \"" + text + "\"");
  }
  return value;
}

convert::MergeRequest request_of(const MergeOptions& options) {
  convert::MergeRequest request;
  request.base = options.base;
  request.adapter = options.adapter;
  request.config = options.config;
  request.output = options.output;
  request.update.strength = parse_scale(options.scale);
  request.update.undo = options.undo;
  request.precise = options.precise;
  request.inspect.stop = &stop_requested();
  request.inspect.jobs = options.jobs;
  request.existing = options.force ? convert::Existing::replaced : convert::Existing::refused;
  return request;
}

void tell(const convert::Merged& done, const MergeOptions& options) {
  Output output("-");
  if (options.format == "json") {
    report::write_merge_json([&output](std::string_view piece) { output.write(piece); }, done, version());
  } else {
    output.write(report::merge_text(done, options.look.style()));
  }
  output.commit();
}

Exit run(const MergeOptions& options) {
  auto request = request_of(options);
  Progress progress(is_terminal(STDERR_FILENO) && !options.look.quiet);
  progress.start(options.output);
  request.progress = [&progress](std::uint64_t done, std::uint64_t total) { progress.update(done, total); };
  try {
    const auto done = convert::merge(request);
    progress.clear();
    tell(done, options);
    return Exit::ok;
  } catch (const convert::Refusal& refusal) {
    progress.clear();
    for (const auto& reason : refusal.reasons()) {
      complain(reason);
    }
  } catch (const convert::WriteError& error) {
    progress.clear();
    complain(error.what());
  }
  return Exit::failure;
}

}  // namespace

std::function<Exit()> add_merge(::CLI::App& app) {
  auto options = std::make_shared<MergeOptions>();
  declare(app, *options);
  return [options] { return run(*options); };
}

}  // namespace upinspect::cli
