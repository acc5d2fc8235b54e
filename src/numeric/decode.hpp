// SPDX-License-Identifier: Apache-2.0
// Takes the moments of a chunk of elements, whatever their type.
#pragma once

#include "numeric/moments.hpp"
#include "numeric/tally.hpp"
#include "upinspect/dtype.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace upinspect::numeric {

/// Memory to work in, kept by the caller from chunk to chunk.
using Scratch = std::vector<std::byte>;

/// The moments of the finite elements of `chunk`, in order; counts and extremes are added to `tally`. For the floats
/// and integers of 16 to 64 bits.
[[nodiscard]] ChunkSums sum_chunk(Dtype dtype, std::span<const std::byte> chunk, Tally& tally, Scratch& scratch);

/// The same for a chunk of f32 of which a pass about `pivot` is done.
[[nodiscard]] ChunkSums sum_chunk(std::span<const std::byte> chunk, double pivot, const FloatPass& pass, Tally& tally,
                                  Scratch& scratch);

}  // namespace upinspect::numeric
