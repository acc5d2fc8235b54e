// SPDX-License-Identifier: Apache-2.0
// The verb: add an adapter's updates to the weights of its base model, and write the model that comes of it.
#pragma once

#include "convert/input.hpp"
#include "convert/merged.hpp"
#include "convert/new_file.hpp"
#include "lora/update.hpp"

#include <functional>
#include <string>

namespace upinspect::convert {

struct MergeRequest {
  std::string base;     ///< a weight file, an index of shards, or a folder that holds either
  std::string adapter;  ///< a weight file or an adapter's folder
  std::string config;   ///< adapter_config.json that lies elsewhere; empty: beside the adapter
  std::string output;   ///< a .safetensors file; for a base in shards, a folder
  lora::UpdateOptions update;
  bool precise = false;
  InspectOptions inspect;
  Existing existing = Existing::refused;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

/// Nothing is written before everything is known to fit. Throws Refusal (with all reasons), WriteError or Stopped; then
/// the target is as it was before.
[[nodiscard]] Merged merge(const MergeRequest& request);

}  // namespace upinspect::convert
