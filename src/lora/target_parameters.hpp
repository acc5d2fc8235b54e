// SPDX-License-Identifier: Apache-2.0
// PEFT's target_parameters: halves for a parameter that is no layer's weight, which is how experts are kept.
#pragma once

#include "upinspect/adapter.hpp"
#include "upinspect/value.hpp"

#include <string_view>

namespace upinspect::lora {

/// Whether the configuration names a parameter of the module at `path`. A second parameter of one module has its halves
/// under "<path>.base_layer", a third under "<path>.base_layer.base_layer".
[[nodiscard]] bool targets_parameter(const Value& config, std::string_view path);

/// For such a module: its rank is the configuration's, and the halves hold one pair for each expert.
void read_target_parameter(const Value* config, AdapterModule& module);

}  // namespace upinspect::lora
