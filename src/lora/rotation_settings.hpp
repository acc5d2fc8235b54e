// SPDX-License-Identifier: Apache-2.0
// How PEFT's OFT makes its rotations, as far as a configuration or the program that wrote the names tells.
#pragma once

#include "lora/rotation.hpp"
#include "upinspect/adapter.hpp"
#include "upinspect/value.hpp"

namespace upinspect::lora {

/// PEFT 0.18 changed the series: a configuration that names no version is older. Names that begin with "lora_" and have no
/// configuration beside them are OneTrainer's, which uses the series of five terms.
[[nodiscard]] RotationSettings rotation_settings(const AdapterModule& module, const Value& config);

}  // namespace upinspect::lora
