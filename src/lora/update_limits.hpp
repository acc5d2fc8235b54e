// SPDX-License-Identifier: Apache-2.0
// Which modules merge can do nothing for, and why, whatever their shapes.
#pragma once

#include "lora/update.hpp"

#include <string>

namespace upinspect::lora {

/// Whether the module multiplies its weight by rotations: OFT and BOFT.
[[nodiscard]] bool is_rotation(const AdapterModule& module);

/// A method or a part that merge does not know, or one that cannot be undone; empty where there is no such reason.
[[nodiscard]] std::string why_not_merged(const AdapterModule& module, const UpdateOptions& options);

/// What the update is multiplied by: the module's scale, the strength, and the sign. Throws UpdateRefused where it is
/// unknown.
[[nodiscard]] double scale_of(const AdapterModule& module, const UpdateOptions& options);

}  // namespace upinspect::lora
