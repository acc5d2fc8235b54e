// SPDX-License-Identifier: Apache-2.0
// Whether two adapters do the same to their base: scale x up @ down compared module by module, through the factors.
#pragma once

#include "diff/side.hpp"
#include "upinspect/difference.hpp"

#include <optional>

namespace upinspect::diff {

/// The length of the difference of both updates, from a QR of the factors side by side, never from the update itself, held
/// against what rounding the factors to their types can have made. Nothing where either side is no adapter of plain up and
/// down halves with known scales, where their modules are not the same ones, or where numbers cannot be read. What else the
/// files hold is not looked at. Throws Stopped.
[[nodiscard]] std::optional<UpdateDifference> compare_updates(const Side& before, const Side& after, const InspectOptions& options);

}  // namespace upinspect::diff
