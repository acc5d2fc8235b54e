// SPDX-License-Identifier: Apache-2.0
// upinspect explain: what does a finding mean?
#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/text_look.hpp"
#include "report/explain_json.hpp"
#include "report/explain_markdown.hpp"
#include "report/explain_text.hpp"
#include "upinspect/inspect.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace upinspect::cli {
namespace {

struct ExplainArguments {
  std::string id;
  std::string format = "text";
  std::string output;
  TextLook look;
};

void declare_explain(::CLI::App& app, ExplainArguments& options) {
  app.add_option("id", options.id, "A finding's id, as reports print it; without one all are listed")->type_name("ID");
  app.add_option("--format", options.format, "text, json or markdown")->type_name("FORMAT")
      ->check(::CLI::IsMember({"text", "json", "markdown"}));
  app.add_option("-o,--output", options.output, "Write it here, not to standard output")->type_name("FILE");
  app.add_option("--color,--colour", options.look.colour, "auto, always or never")->type_name("WHEN")
      ->check(::CLI::IsMember({"auto", "always", "never"}));
}

/// One row as its page, all rows as the list of them.
std::string explain_in_words(std::span<const report::ExplainedFinding> rows, bool all, const ExplainArguments& options) {
  if (options.format == "markdown") {
    return all ? report::explain_index_markdown(rows) : report::explain_markdown(rows.front());
  }
  const auto style = options.look.style_for(options.output);
  return all ? report::explain_list_text(rows, style) : report::explain_text(rows.front(), style);
}

void print_explanations(std::span<const report::ExplainedFinding> rows, bool all, const ExplainArguments& options) {
  Output output(options.output);
  if (options.format == "json") {
    report::JsonWriter writer([&output](std::string_view piece) { output.write(piece); }, report::JsonLayout::pretty);
    report::write_explained_findings(writer, rows, version());
  } else {
    output.write(explain_in_words(rows, all, options));
  }
  output.commit();
}

std::string no_such_finding(const std::string& id) {
  std::string near;
  for (const auto similar : report::similar_ids(id)) {
    near += (near.empty() ? "" : ", ") + std::string(similar);
  }
  return "\"" + id + "\" is no finding; " + (near.empty() ? "upinspect explain lists all" : "do you mean " + near + "?");
}

Exit run_explain(const ExplainArguments& options) {
  if (options.id.empty()) {
    print_explanations(report::explanations(), true, options);
    return Exit::ok;
  }
  const auto* row = report::explanation(options.id);
  if (row == nullptr) {
    complain(no_such_finding(options.id));
    return Exit::failure;
  }
  print_explanations({row, 1}, false, options);
  return Exit::ok;
}

}  // namespace

std::function<Exit()> add_explain(::CLI::App& app) {
  auto options = std::make_shared<ExplainArguments>();
  declare_explain(app, *options);
  return [options] { return run_explain(*options); };
}

}  // namespace upinspect::cli
