// SPDX-License-Identifier: Apache-2.0
// Tells numbers that repeat, as those on a grid do, from fractions that do: what was written below honest exponents.
#pragma once

#include "forensics/bit_stream.hpp"

namespace upinspect::forensics {

/// Of float32: fractions come again whatever sign and exponent they come with, as a program's bytes that were written into all 23 bits do.
/// On a grid a fraction goes with few exponents, so that where it comes again the exponent does, too, half again as often as elsewhere; of
/// eight-bit floats times a scale there are but a few fractions, while of what was written a quarter at least is there once. In a sample of
/// at most 65,536 numbers; false of those in which fewer than 1,000 fractions come again.
[[nodiscard]] bool repeats_in_fractions_alone(const ElementRun& run);

}  // namespace upinspect::forensics
