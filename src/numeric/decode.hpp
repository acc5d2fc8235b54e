// SPDX-License-Identifier: Apache-2.0
// Turns a chunk of elements into the doubles that its moments are taken of.
#pragma once

#include "numeric/moments.hpp"
#include "numeric/tally.hpp"
#include "upinspect/dtype.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace upinspect::numeric {

/// The moments of the finite elements of `chunk`, in order; counts and extremes are added to `tally`. For the floats
/// and integers of 16 to 64 bits. `scratch` is memory to work in, kept by the caller for its next chunk.
[[nodiscard]] ChunkSums decode_and_sum(Dtype dtype, std::span<const std::byte> chunk, Tally& tally,
                                       std::vector<double>& scratch);

/// The moments of a chunk of f32 of which a pass about `pivot` is done.
[[nodiscard]] ChunkSums decode_and_sum(std::span<const std::byte> chunk, double pivot, const FloatPass& pass, Tally& tally,
                                       std::vector<double>& scratch);

}  // namespace upinspect::numeric
