// SPDX-License-Identifier: Apache-2.0
// Measures a tensor in pieces: what several threads, each with some of its chunks, put together to the same bits.
#pragma once

#include "numeric/counts.hpp"
#include "numeric/decode.hpp"
#include "numeric/moments.hpp"
#include "upinspect/artifact.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace upinspect::numeric {

/// What the elements of one tensor show.
struct Result {
  std::optional<Stats> stats;  ///< nothing for complex, f6, quantised, block and other types
  Entropy entropy;             ///< planes and bits only where an element is 1, 2, 4, 8 or 16 bytes
  unsigned low_zero_bits = 0;  ///< the low bits that are 0 in every element; 0 where there are no planes or elements
  bool constant = false;       ///< there are elements (bytes, where there are no planes), and all have the same bits

  friend bool operator==(const Result&, const Result&) = default;
};

// For threads that share one tensor (an Accumulator does the same in a row): cut it at multiples of
// chunk_bytes(dtype) and number the chunks from 0. Measure each with the thread's own Counts, reset for the dtype.
// Then merge the Counts in any order, add the sums to one Moments in the order of the chunks, and conclude.

/// Counts chunk `index`, which is chunk_bytes(dtype) bytes or, as the last one, what is left; returns its moments,
/// which are empty where the counts hold all. `scratch` is memory that the thread keeps for its next chunk.
[[nodiscard]] ChunkSums measure_chunk(std::uint64_t index, std::span<const std::byte> chunk, Counts& counts,
                                      Scratch& scratch);

/// What the merged counts and moments amount to. Ends the counting, see Counts::gather.
[[nodiscard]] Result conclude(Counts& counts, const Moments& moments);

}  // namespace upinspect::numeric
