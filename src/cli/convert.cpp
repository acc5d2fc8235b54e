// SPDX-License-Identifier: Apache-2.0
// upinspect convert: the same tensors in another container, under other names or in another dtype, and the proof of it.
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/process.hpp"
#include "cli/progress.hpp"
#include "cli/raw_layout.hpp"
#include "cli/text_look.hpp"
#include "convert/convert.hpp"
#include "convert/refusal.hpp"
#include "numeric/encode.hpp"
#include "report/convert_json.hpp"
#include "report/convert_text.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <cmath>
#include <fstream>
#include <memory>
#include <unistd.h>

namespace upinspect::cli {

namespace {

struct ConvertOptions {
  std::vector<std::string> inputs;
  std::string output;
  std::string names;
  std::string dtype;
  std::vector<std::string> modules;
  std::string base;
  std::string base_model;
  std::string alpha;
  std::string tensor;
  bool strip = false;
  std::vector<std::string> set;
  bool force = false;
  RawOptions raw;
  std::string format = "text";
  TextLook look;
};

constexpr const char* k_convert_footer =
    "OUT ending in .safetensors is one file, in .npy one tensor, else a PEFT folder (adapter_model.safetensors and\n"
    "adapter_config.json). Values are copied bit for bit unless --dtype asks otherwise. What was written is read back\n"
    "and compared; where it is not equal, nothing is kept.\n\n"
    "  upinspect convert adapter_model.bin -o adapter.safetensors\n"
    "  upinspect convert kohya.safetensors -o adapter/\n"
    "  upinspect convert up-param.bin down-param.bin -o adapter/ --module model.layers.0.self_attn.q_proj\n"
    "  upinspect convert adapter/ -o kohya.safetensors --to kohya\n"
    "  upinspect convert lora.safetensors -o clean.safetensors --strip-metadata --set ss_tag=none\n"
    "  upinspect convert weights.pt -o layer.npy --tensor layer.weight\n\n"
    "Exit codes: 0 done and proven, 2 not done: the output is not there, or as it was before.";

void declare_names(::CLI::App& app, ConvertOptions& options) {
  app.add_option("--to", options.names, "Names: peft, kohya or same (default: peft for a folder, else same)")
      ->type_name("NAMES")->check(::CLI::IsMember({"peft", "kohya", "same"}));
  app.add_option("--module", options.modules, "Name of a module that has none, in order; @FILE: one on each line")
      ->type_name("NAME")->allow_extra_args(false);
  app.add_option("--base", options.base, "Base model, its folder or config.json: tells lost dots, and heads for llama.cpp's rows")
      ->type_name("PATH");
  app.add_option("--base-model", options.base_model, "For base_model_name_or_path in adapter_config.json")->type_name("NAME");
  app.add_option("--alpha", options.alpha, "Alpha of modules whose scale nothing tells")->type_name("NUMBER");
}

void declare(::CLI::App& app, ConvertOptions& options) {
  app.add_option("in", options.inputs, "Weight files, an adapter's folder, its halves, adapter_config.json")->required()->type_name("IN");
  app.add_option("-o,--output", options.output, "What to write: FILE.safetensors, FILE.npy or a folder")->required()->type_name("OUT");
  declare_names(app, options);
  app.add_option("--dtype", options.dtype, "Round floating point values to f64, f32, f16, bf16, f8_e4m3 or f8_e5m2")->type_name("DTYPE");
  app.add_option("--tensor", options.tensor, "Only tensors whose name matches")->type_name("GLOB");
  app.add_flag("--strip-metadata", options.strip, "Leave out the header's metadata, but for format");
  app.add_option("--set", options.set, "Set an entry of the header's metadata")->type_name("KEY=VALUE")->allow_extra_args(false);
  app.add_flag("--force", options.force, "Replace what is there");
  options.raw.declare(app);
  app.add_option("--format", options.format, "Report as text or json")->type_name("FORMAT")->check(::CLI::IsMember({"text", "json"}));
  options.look.declare(app, "One line", "List all names before and after");
  app.footer(k_convert_footer);
}

std::vector<std::string> module_names(const std::vector<std::string>& given) {
  std::vector<std::string> names;
  for (const auto& name : given) {
    if (!name.starts_with('@')) {
      names.push_back(name);
      continue;
    }
    std::ifstream file(name.substr(1));
    if (!file) {
      throw ::CLI::ValidationError("--module", "cannot read " + name.substr(1));
    }
    for (std::string line; std::getline(file, line);) {
      if (!line.empty()) {
        names.push_back(line);
      }
    }
  }
  return names;
}

std::optional<double> parse_alpha(const std::string& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    throw ::CLI::ValidationError("--alpha", "expected a number, found \"" + text + "\"");
  }
  return value;
}

std::optional<Dtype> parse_dtype(const std::string& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  const auto dtype = dtype_from_name(text);
  if (!dtype || !numeric::can_encode(*dtype)) {
    throw ::CLI::ValidationError("--dtype", "\"" + text + "\" is nothing to round to; try f64, f32, f16, bf16, f8_e4m3 or f8_e5m2");
  }
  return dtype;
}

convert::Metadata parse_metadata(const std::vector<std::string>& entries) {
  convert::Metadata metadata;
  for (const auto& entry : entries) {
    const auto equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ::CLI::ValidationError("--set", "expected KEY=VALUE, found \"" + entry + "\"");
    }
    metadata.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return metadata;
}

convert::Request request_of(const ConvertOptions& options) {
  convert::Request request;
  request.inputs = options.inputs;
  request.output = options.output;
  if (!options.names.empty()) {
    request.names = options.names == "peft"    ? convert::Names::peft
                    : options.names == "kohya" ? convert::Names::kohya
                                               : convert::Names::same;
  }
  request.base = options.base;
  request.plan.dtype = parse_dtype(options.dtype);
  request.plan.naming.modules = module_names(options.modules);
  request.plan.factors.alpha = parse_alpha(options.alpha);
  request.plan.base_model = options.base_model;
  request.plan.strip_metadata = options.strip;
  request.plan.set_metadata = parse_metadata(options.set);
  request.input.tensor_glob = options.tensor;
  request.input.inspect.raw = options.raw.layout();
  request.input.inspect.stop = &stop_requested();
  request.existing = options.force ? convert::Existing::replaced : convert::Existing::refused;
  return request;
}

void tell(const convert::Conversion& done, const ConvertOptions& options) {
  Output output("-");
  if (options.format == "json") {
    report::write_convert_json([&output](std::string_view piece) { output.write(piece); }, done, version());
  } else {
    output.write(report::convert_text(done, options.look.style()));
  }
  output.commit();
}

Exit run(const ConvertOptions& options) {
  auto request = request_of(options);
  Progress progress(is_terminal(STDERR_FILENO) && !options.look.quiet);
  progress.start(options.output);
  request.progress = [&progress](std::uint64_t done, std::uint64_t total) { progress.update(done, total); };
  try {
    const auto done = convert::convert(request);
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

std::function<Exit()> add_convert(::CLI::App& app) {
  auto options = std::make_shared<ConvertOptions>();
  declare(app, *options);
  return [options] { return run(*options); };
}

}  // namespace upinspect::cli
