// SPDX-License-Identifier: Apache-2.0
// The options that say how to read headerless numbers.
#pragma once

#include "upinspect/inspect.hpp"

#include <CLI/App.hpp>

#include <optional>
#include <string>

namespace upinspect::cli {

struct RawOptions {
  std::string dtype;
  std::string shape;
  std::uint64_t skip = 0;
  bool big_endian = false;

  void declare(::CLI::App& app);
  /// The layout, where --as was given. Throws ::CLI::ValidationError for what makes no sense.
  [[nodiscard]] std::optional<RawLayout> layout() const;
};

}  // namespace upinspect::cli
