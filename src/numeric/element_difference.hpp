// SPDX-License-Identifier: Apache-2.0
// Compares the elements of two versions of a tensor in one pass: which differ, in which bits, and by how much.
#pragma once

#include "numeric/difference_kernels.hpp"
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
  std::uint64_t apart = 0;       ///< the sum of the patterns before less that of those after: as many low bits as an element has
  std::uint64_t exclusive = 0;   ///< the exclusive or of all of them
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

  /// False where the old patterns of those that differ are not the new ones in another order; true in one case of many thousands
  /// where they are not, either.
  [[nodiscard]] bool may_be_reordered() const noexcept { return apart << (64 - format.bits()) == 0 && exclusive == 0; }

  /// Of the distances; below 64 exact. Nothing where none has one.
  [[nodiscard]] std::optional<std::uint64_t> median_distance() const;

 private:
  using Sums = DifferenceSums;

  void compare(std::span<const std::byte> before, std::span<const std::byte> after);
  void compare_blocks(std::span<const std::byte> before, std::span<const std::byte> after);
  void settle(DifferenceTally& tally);
  void note_block(const FloatBlock& block, std::size_t count, std::uint64_t differing);
  void note_one_by_one(const FloatBlock& block, std::size_t count, std::size_t& at);
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
  std::array<std::uint64_t, 32> m_bits{};                    ///< the same by bit, of what is measured in blocks
};

}  // namespace upinspect::numeric
