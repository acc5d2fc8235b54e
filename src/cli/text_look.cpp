// SPDX-License-Identifier: Apache-2.0
#include "cli/text_look.hpp"

#include "cli/process.hpp"

#include <CLI/CLI.hpp>

namespace upinspect::cli {

void TextLook::declare(::CLI::App& app, const char* quiet_help, const char* verbose_help) {
  app.add_option("--color,--colour", colour, "auto, always or never")->type_name("WHEN")
      ->check(::CLI::IsMember({"auto", "always", "never"}));
  app.add_flag("-q,--quiet", quiet, quiet_help);
  app.add_flag("-v,--verbose", verbose, verbose_help);
}

report::TextStyle TextLook::style() const {
  report::TextStyle style;
  style.colour = wants_colour(colour == "always"  ? ColourMode::always
                              : colour == "never" ? ColourMode::never
                                                  : ColourMode::automatic);
  style.unicode = locale_is_utf8();
  style.width = terminal_width();
  style.verbosity = quiet ? -1 : verbose ? 1 : 0;
  return style;
}

report::TextStyle TextLook::style_for(const std::string& output) const {
  auto style = this->style();
  style.colour = style.colour && (output.empty() || output == "-");
  return style;
}

}  // namespace upinspect::cli
