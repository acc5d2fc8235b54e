// SPDX-License-Identifier: Apache-2.0
// Tells what numbers on a grid read like from what was written into them.
#pragma once

#include "forensics/bit_stream.hpp"
#include "forensics/carrier.hpp"

#include <cstddef>

namespace upinspect::forensics {

/// Of numbers on a grid a field is what the other bits make it: true where it is so in three of four of the elements of the carrier that
/// the field takes from `first` to `last`, held against all elements around them. So are
/// float32 numbers that are exact multiples of one step, a dozen neighbours at a time.
[[nodiscard]] bool is_on_a_grid(const Carrier& carrier, const Field& field, std::size_t first, std::size_t last);

}  // namespace upinspect::forensics
