// SPDX-License-Identifier: Apache-2.0
// Measures one tensor in one pass over its bytes: statistics, entropy and bit counts, the same bits for any split.
#pragma once

#include "numeric/counts.hpp"
#include "numeric/measure.hpp"
#include "numeric/moments.hpp"

#include <cstddef>
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
  void open();
  void measure(std::span<const std::byte> chunk);

  Counts m_counts;
  Moments m_moments;
  Dtype m_dtype = Dtype::other;
  std::size_t m_chunk_bytes = k_chunk_elements;
  bool m_open = false;               ///< a whole chunk was passed, and m_counts prepared for more than one
  std::vector<std::byte> m_pending;  ///< bytes of a chunk that is not complete yet
  std::vector<double> m_scratch;
};

}  // namespace upinspect::numeric
