// SPDX-License-Identifier: Apache-2.0
// Measures a tensor in pieces: what several threads, each with some of its chunks, put together to the same bits.
#pragma once

#include "numeric/counts.hpp"
#include "numeric/moments.hpp"
#include "upinspect/artifact.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace upinspect::numeric {

/// What the elements of one tensor show.
struct Result {
  std::optional<Stats> stats;  ///< nothing for dtypes without values of their own: complex, f6, quantised, blocks, other
  Entropy entropy;             ///< planes and bits only where an element is 1, 2, 4, 8 or 16 bytes
  unsigned low_zero_bits = 0;  ///< the low bits that are 0 in every element; 0 where there are no planes or elements
  bool constant = false;       ///< there are elements (bytes, where there are no planes), and all have the same bits

  friend bool operator==(const Result&, const Result&) = default;
};

// For threads that share one tensor (an Accumulator does the same in a row): cut it at multiples of chunk_bytes(dtype), measure each chunk with the thread's own
// Counts, reset for the same dtype and method_for(dtype, elements). Then merge the Counts in any order, add the sums
// to one Moments in the chunks' order, and conclude.

/// Counts one chunk (chunk_bytes(dtype) bytes; the last chunk what is left) and returns its moments, which are empty unless
/// the method is Method::chunks. `scratch` is memory kept by the caller for its next chunk.
[[nodiscard]] ChunkSums measure_chunk(std::span<const std::byte> chunk, Counts& counts, std::vector<double>& scratch);

/// What the merged counts and moments amount to. Asks for the count of elements where the dtype's units are not elements.
[[nodiscard]] Result conclude(Counts& counts, const Moments& moments);

}  // namespace upinspect::numeric
