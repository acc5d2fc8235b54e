// SPDX-License-Identifier: Apache-2.0
// Measures one tensor in one pass over its bytes: statistics, entropy and bit counts, the same bits for any split.
#pragma once

#include "numeric/counts.hpp"
#include "numeric/measure.hpp"
#include "numeric/moments.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace upinspect::numeric {

/// Measures tensors one after the other. The bytes of a tensor may come in parts of any size, cut anywhere.
///
///     Accumulator accumulator;
///     accumulator.reset(Dtype::f32);
///     while (...) accumulator.add(bytes);
///     const Result result = accumulator.finish();
///
/// The bytes are little-endian elements. Statistics are over the finite elements. Among minima and maxima -0 lies
/// below +0. The last bytes, where they make no element, are left out. An odd count of f4 elements is measured with the
/// half byte that fills it up.
class Accumulator {
 public:
  using Result = numeric::Result;

  void reset(Dtype dtype);
  void add(std::span<const std::byte> bytes);
  [[nodiscard]] Result finish();

 private:
  void measure(std::span<const std::byte> chunk);

  Counts m_counts;
  Moments m_moments;
  std::size_t m_chunk_bytes = k_chunk_elements;
  std::uint64_t m_chunks = 0;
  std::vector<std::byte> m_pending;  ///< the first bytes of a chunk that is not complete yet
  Scratch m_scratch;
};

}  // namespace upinspect::numeric
