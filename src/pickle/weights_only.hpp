// SPDX-License-Identifier: Apache-2.0
// Whether torch.load(weights_only=True) would take a pickle, and if not, where it stops and why.
#pragma once

#include "bytes/source.hpp"
#include "pickle/machine.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace upinspect::pickle {

/// By the rules of torch/_weights_only_unpickler.py of the newest release, nothing added to its safe globals.
struct WeightsOnly {
  bool loads = false;
  std::string reason;                   ///< in the words of torch where it has some, empty where it loads
  std::optional<std::uint64_t> offset;  ///< of the first opcode that is refused

  friend bool operator==(const WeightsOnly&, const WeightsOnly&) = default;
};

/// Runs the pickle at `start` by those rules. They say nothing of the archive around it.
[[nodiscard]] WeightsOnly weights_only(const bytes::Source& source, std::uint64_t start, const Options& options = {});

}  // namespace upinspect::pickle
