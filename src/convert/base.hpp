// SPDX-License-Identifier: Apache-2.0
// A base model, as far as its headers and its config.json tell.
#pragma once

#include "upinspect/inspect.hpp"
#include "upinspect/value.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace upinspect::convert {

/// The weights of a model: the file itself, or those in its folder that loaders prefer. Empty where the folder has none.
[[nodiscard]] std::string weights_of_base(const std::string& base);

/// The config.json of transformers that lies beside a base's weights. Null where there is none, or none that can be read.
[[nodiscard]] Value config_beside_base(const std::string& weights);

struct BaseFacts {
  std::map<std::string, std::vector<std::uint64_t>> weights;  ///< shapes by name, without ".weight"
  Value header;                                               ///< what the weights' own header says
  Value config;                                               ///< config.json; null: none
};

/// `base` is a weight file, an index of shards, a model's folder or its config.json alone. Throws Refusal where it names no
/// weights and has no configuration, or cannot be read.
[[nodiscard]] BaseFacts read_base(const std::string& base, InspectOptions options);

}  // namespace upinspect::convert
