// SPDX-License-Identifier: Apache-2.0
// Writes what was found hidden to files of its own.
#pragma once

#include "upinspect/payload.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace upinspect::cli {

enum class Overwrite : bool { no, yes };

/// --extract, --extract-dir and --force.
struct Extraction {
  std::string file;
  std::string folder;
  bool force = false;

  void declare(::CLI::App& app);
  /// Throws std::runtime_error where the file is there and must not be overwritten: said before the work, not after it.
  void check() const;
  /// Writes what was asked for. False where the file was to be written and there is no payload, which is told.
  [[nodiscard]] bool write(const std::vector<Payload>& payloads) const;
};

/// Throws std::runtime_error where `path` exists and must not be overwritten. To be asked before long work begins.
void expect_writable(const std::string& path, Overwrite overwrite);

/// Writes the payload's bytes, whole or not at all.
void extract_to(const std::string& path, const Payload& payload, Overwrite overwrite);

/// Writes every payload to `folder` (made where it is missing) as payload-1.txt, payload-2.png, …; the number is its
/// place in the report. Gives the paths.
std::vector<std::string> extract_all(const std::string& folder, const std::vector<Payload>& payloads, Overwrite overwrite);

}  // namespace upinspect::cli
