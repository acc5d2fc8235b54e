// SPDX-License-Identifier: Apache-2.0
// --color, --quiet and --verbose: how a command's text looks.
#pragma once

#include "report/text_style.hpp"

#include <string>

namespace CLI {
class App;
}

namespace upinspect::cli {

struct TextLook {
  std::string colour = "auto";
  bool quiet = false;
  bool verbose = false;

  /// Adds the three options; `quiet_help` and `verbose_help` say what the command then prints.
  void declare(::CLI::App& app, const char* quiet_help, const char* verbose_help);
  /// For text on standard output, as terminal and locale have it.
  [[nodiscard]] report::TextStyle style() const;
  /// The same, but without colour where `output` names a file.
  [[nodiscard]] report::TextStyle style_for(const std::string& output) const;
};

}  // namespace upinspect::cli
