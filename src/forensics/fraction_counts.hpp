// SPDX-License-Identifier: Apache-2.0
// How f32 numbers are spread: how often they have each size and, within it, each beginning of a fraction.
#pragma once

#include "forensics/bit_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace upinspect::forensics {

/// Sizes are powers of two, counted from eleven below the one of the root of the mean square; what is smaller yet, or larger than all, is left out.
inline constexpr std::size_t k_octaves = 15;

/// So many numbers of one octave say something of it.
inline constexpr std::uint64_t k_enough_of_octave = 50;

/// Where octave `octave` begins, in units of that power.
[[nodiscard]] double octave_begin(std::size_t octave) noexcept;

/// The biased exponent of the first octave of a tensor of f32 numbers; nothing where none is normal.
[[nodiscard]] std::optional<int> first_exponent(const ElementRun& run);

/// Normal numbers of many tensors, each by its size against the tensor's own. Half a megabyte from the first number on.
class FractionCounts {
 public:
  static constexpr unsigned k_bits = 12;   ///< so many highest bits of a fraction are told apart

  /// All of a tensor.
  void add(const ElementRun& run);

  void merge(const FractionCounts& other);

  /// Counts by octave and, within it, by the `bits` highest bits of the fraction.
  [[nodiscard]] std::vector<std::uint64_t> cells(unsigned bits) const;

 private:
  std::vector<std::uint64_t> m_cells;   ///< empty, or k_octaves times 2^k_bits
};

}  // namespace upinspect::forensics
