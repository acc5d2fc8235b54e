// SPDX-License-Identifier: Apache-2.0
// The inner loop of ElementDifference for floats of up to 32 bits, once for each instruction set. All give the same bits:
// counts are integers, and the sum of absolute differences has one fixed order (sixteen lanes, element i in lane i mod 16,
// lanes joined by halving).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace upinspect::numeric {

/// What is counted of distances: exact below 64, then to one part in 32. distance_bin(d) is monotonous; some bins stay empty.
inline constexpr std::size_t k_distance_bins = 64 * 32 + 1;
[[nodiscard]] constexpr std::size_t distance_bin(std::uint64_t distance) noexcept {
  if (distance == 0) {
    return 0;
  }
  const auto octave = static_cast<unsigned>(std::bit_width(distance)) - 1;
  const auto part = octave >= 5 ? distance >> (octave - 5) : distance << (5 - octave);
  return octave * std::size_t{32} + static_cast<std::size_t>(part - 31);
}
/// The smallest distance of a bin that is not always empty.
[[nodiscard]] constexpr std::uint64_t bin_start(std::size_t bin) noexcept {
  if (bin == 0) {
    return 0;
  }
  const auto octave = (bin - 1) / 32;
  const auto part = std::uint64_t{32} + (bin - 1) % 32;
  return octave >= 5 ? part << (octave - 5) : part >> (5 - octave);
}

/// Elements of a block. One with fewer is filled up with elements that are the same on both sides.
inline constexpr std::size_t k_block_elements = 1024;

/// Both sides of a block: patterns of 32 bits and the floats that they stand for, at any alignment, in the order of the host. A
/// pattern of a narrower type stands in the upper bits, `shift` zeros below it.
struct FloatBlock {
  const std::byte* before = nullptr;
  const std::byte* after = nullptr;
  const std::byte* old_values = nullptr;
  const std::byte* new_values = nullptr;
  std::uint32_t exponent = 0;  ///< bits that are all set in what is not finite
  unsigned shift = 0;          ///< 0 or 16
};

/// Distances of floats of 32 bits have this many bins, by distance_bin().
inline constexpr std::size_t k_float_bins = distance_bin(0xffffffffU) + 1;
/// Copies of the counts, so that equal distances do not wait for one another.
inline constexpr std::size_t k_bin_copies = 8;
/// The counts of flipped bits have this many planes: they hold up to k_tally_blocks blocks.
inline constexpr std::size_t k_count_planes = 11;
inline constexpr std::size_t k_tally_blocks = 16;
inline constexpr std::size_t k_difference_lanes = 16;
static_assert(k_tally_blocks * k_block_elements / k_bin_copies <= 0xffff, "a bin's count has sixteen bits");

/// What blocks add up to. Bin 0 also has what did not change and what has no distance.
struct DifferenceTally {
  alignas(64) std::array<std::array<std::uint16_t, k_float_bins>, k_bin_copies> bins{};
  /// planes[p][lane]: bit b has the digit 2^p of how often bit b was flipped in that lane.
  alignas(64) std::array<std::array<std::uint32_t, k_difference_lanes>, k_count_planes> planes{};
  std::uint32_t flipped = 0;
  std::uint32_t greatest = 0;
  std::uint64_t changed = 0;
  std::uint64_t single_bit = 0;
  std::uint64_t not_finite = 0;
  std::uint64_t carries = 0;
  std::uint64_t rises = 0;
  std::uint64_t distance_sum = 0;
  std::uint32_t apart = 0;      ///< the sum of the words before less that of those after
  std::uint32_t exclusive = 0;  ///< the exclusive or of all patterns
  double absolute_sum = 0;
  double absolute_max = 0;
};

/// The i-th 32-bit word of a side.
[[nodiscard]] inline std::uint32_t word(const std::byte* side, std::size_t i) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, side + 4 * i, sizeof value);
  return value;
}

[[nodiscard]] inline bool is_finite(const FloatBlock& block, std::uint32_t pattern) noexcept { return (pattern & block.exponent) != block.exponent; }

/// The place of a pattern among the numbers of its type: -0 is just below +0.
[[nodiscard]] constexpr std::uint32_t place_of(std::uint32_t pattern, unsigned shift) noexcept {
  constexpr auto k_sign = std::uint32_t{1} << 31U;
  return ((pattern & k_sign) != 0 ? ~pattern : pattern | k_sign) >> shift;
}
[[nodiscard]] constexpr std::uint32_t distance_of(std::uint32_t before, std::uint32_t after, unsigned shift) noexcept {
  const auto x = place_of(before, shift);
  const auto y = place_of(after, shift);
  return x < y ? y - x : x - y;
}

struct DifferenceKernel {
  const char* name;
  void (*compare)(const FloatBlock& block, DifferenceTally& tally);
};

/// For this machine and the instruction set in use.
[[nodiscard]] const DifferenceKernel& difference_kernel() noexcept;

/// Every one that this machine can run, the plain one, element after element, first.
[[nodiscard]] std::span<const DifferenceKernel> runnable_difference_kernels() noexcept;

}  // namespace upinspect::numeric
