// SPDX-License-Identifier: Apache-2.0
// The verb: read tensors and write them in another container, under other names or in another dtype, and prove it.
#pragma once

#include "convert/conversion.hpp"
#include "convert/input.hpp"
#include "convert/new_file.hpp"
#include "convert/plan.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace upinspect::convert {

struct Request {
  std::vector<std::string> inputs;
  std::string output;                  ///< its name says what it is: .safetensors, .npy, or a folder
  std::optional<Names> names;          ///< nothing: those that the output calls for
  std::string base;                    ///< the base model, whose header names the modules; empty: none
  PlanOptions plan;
  InputOptions input;
  Existing existing = Existing::refused;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

/// Throws Refusal, WriteError or Stopped; then the target is as it was before.
[[nodiscard]] Conversion convert(const Request& request);

}  // namespace upinspect::convert
