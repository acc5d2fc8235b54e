// SPDX-License-Identifier: Apache-2.0
// What a command is, and the exit codes that all of them share.
#pragma once

#include <CLI/App.hpp>

#include <functional>
#include <string_view>

namespace upinspect::cli {

enum class Exit : int {
  ok = 0,        ///< done, and nothing at or above --fail-on
  findings = 1,  ///< done, and there is
  failure = 2,   ///< the job could not be done
};

/// `add` declares the command's options and returns what runs it once they are parsed.
struct Command {
  std::string_view name;
  std::string_view summary;
  std::function<Exit()> (*add)(::CLI::App& app);
};

/// Prints `upinspect: <message>` on stderr, escaped.
void complain(std::string_view message);
void complain(std::string_view path, std::string_view message);

}  // namespace upinspect::cli
