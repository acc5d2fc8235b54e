// SPDX-License-Identifier: Apache-2.0
// Compares the elements of two versions of a tensor in one pass: which differ, in which bits, and by how much.
#pragma once

#include "numeric/element_format.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace upinspect::numeric {

/// Bytes at which `before` and `after`, of one length, differ, as `cmp -l` counts them.
[[nodiscard]] std::uint64_t count_unequal(std::span<const std::byte> before, std::span<const std::byte> after) noexcept;

/// The first and the last position where the two differ. They do differ.
struct Extent {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
[[nodiscard]] Extent unequal_extent(std::span<const std::byte> before, std::span<const std::byte> after) noexcept;

/// An element that differs, and both its patterns.
struct ChangedElement {
  std::uint64_t index = 0;
  std::uint64_t before = 0;
  std::uint64_t after = 0;

  friend bool operator==(const ChangedElement&, const ChangedElement&) = default;
};

/// What is counted of distances: exact below 64, then to one part in 32. bin_of(d) is monotonous.
inline constexpr std::size_t k_distance_bins = 64 * 32;
[[nodiscard]] constexpr std::size_t distance_bin(std::uint64_t distance) noexcept {
  if (distance < 64) {
    return static_cast<std::size_t>(distance);
  }
  const auto octave = static_cast<unsigned>(std::bit_width(distance)) - 6;
  return (std::size_t{octave} + 1) * 32 + static_cast<std::size_t>((distance >> octave) - 32);
}
/// The smallest distance of a bin.
[[nodiscard]] std::uint64_t bin_start(std::size_t bin) noexcept;

/// The finaliser of SplitMix64: a hash of one number. Sums of hashes do not depend on the order.
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

/// Where along a tensor changes lie: counts in this many equal stretches.
inline constexpr std::size_t k_places = 240;

/// What is summed over the pairs that differ.
struct DifferenceSums {
  std::uint64_t flipped_bits = 0; ///< the bits that differ anywhere
  std::uint64_t not_finite = 0;  ///< pairs with an infinity or a NaN: they have no distance
  std::uint64_t carries = 0;     ///< pairs whose highest flipped bit is above what their distance alone needs
  std::uint64_t single_bit = 0;  ///< pairs that differ in one bit
  std::uint64_t rises = 0;       ///< pairs whose later value is the greater
  std::uint64_t greatest_distance = 0;
  std::uint64_t sums_apart = 0;  ///< 0 where the old patterns of those that differ are the new ones in another order (but for one chance in 2^64)
  double distance_sum = 0;
  double absolute_sum = 0;
  double absolute_max = 0;
};

/// Of one stretch of a tensor; stretches are joined in order with `append`.
class ElementDifference : public DifferenceSums {
 public:
  /// `total`: elements of the whole tensor. `first`: index of the first element that is added. Of the elements that
  /// differ the first `keep` are kept.
  ElementDifference(const ElementFormat& format, std::uint64_t total, std::uint64_t first, std::size_t keep);

  /// Whole elements, little-endian, as many of the one as of the other.
  void add(std::span<const std::byte> before, std::span<const std::byte> after);

  /// Elements that are known to be the same on both sides.
  void skip(std::uint64_t count) noexcept {
    m_next += count;
    elements += count;
  }

  /// What is added next begins at this element; those before it are the same on both sides and not counted.
  void go_on_at(std::uint64_t index) noexcept { m_next = index; }

  /// Joins what was measured of the stretch that follows this one.
  void append(const ElementDifference& next);

  ElementFormat format;
  std::uint64_t elements = 0;    ///< seen
  std::uint64_t changed = 0;
  std::uint64_t first = 0;       ///< index of the first that differs, and of the last
  std::uint64_t last = 0;
  std::uint64_t step = 0;        ///< greatest common divisor of the gaps between those that differ; 0 for one alone
  std::array<std::uint64_t, k_places> places{};
  std::vector<std::uint64_t> distances;  ///< k_distance_bins
  std::vector<ChangedElement> kept;

  /// How many elements differ in each bit, bit 0 first.
  [[nodiscard]] std::vector<std::uint64_t> bit_counts() const;

  /// Pairs that have a distance.
  [[nodiscard]] std::uint64_t measured() const noexcept { return changed - not_finite; }

  /// Of the distances; below 64 exact. Nothing where none has one.
  [[nodiscard]] std::optional<std::uint64_t> median_distance() const;

 private:
  using Sums = DifferenceSums;

  void compare(std::span<const std::byte> before, std::span<const std::byte> after);
  template <typename Numbers>
  void compare_as(const Numbers& numbers, std::span<const std::byte> before, std::span<const std::byte> after);
  void note(std::uint64_t index, std::uint64_t before, std::uint64_t after);
  void place(std::uint64_t index);

  std::uint64_t m_total;
  std::uint64_t m_next;
  std::size_t m_keep;
  std::size_t m_place = 0;
  std::uint64_t m_place_end = 0;
  std::array<std::array<std::uint64_t, 256>, 8> m_planes{};  ///< of the flipped bits, by byte
};

}  // namespace upinspect::numeric
