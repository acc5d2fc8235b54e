// SPDX-License-Identifier: Apache-2.0
// Brings the changed stretches of one or more tensors into memory, side by side, for the search.
#pragma once

#include "diff/messages.hpp"
#include "forensics/payload_search.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace upinspect::diff {

/// Old and new elements, and which tensors they are of.
struct Gathered {
  unsigned width = 4;
  std::vector<std::byte> before;
  std::vector<std::byte> after;
  std::vector<std::byte> flips;     ///< old XOR new
  std::vector<forensics::Segment> segments;
  std::uint64_t flipped_bits = 0;   ///< that differ in any element
  bool cut_short = false;

  [[nodiscard]] forensics::ElementRun now() const { return {after, width}; }
  [[nodiscard]] forensics::ElementRun flipped() const { return {flips, width}; }
};

/// The tensors one after the other; of the first and the last no more than what changed, extended by up to 64 steps: bits
/// of a message that equal the old ones leave no change.
[[nodiscard]] Gathered gather(std::span<const ChangedTensor* const> tensors);

/// Elements that are searched at once; where there are more, these are the first.
inline constexpr std::uint64_t k_most_elements = 8U << 20U;

/// As many of one tensor from element `begin` on, as far as it changed.
[[nodiscard]] Gathered gather_from(const ChangedTensor& tensor, std::uint64_t begin);

/// The elements that gather takes of a tensor alone: one past the last.
[[nodiscard]] std::uint64_t end_of(const ChangedTensor& tensor);

/// One flag of a byte for each `step`-th element: did it change?
[[nodiscard]] std::vector<std::byte> change_flags(const Gathered& gathered, std::size_t step);

/// The elements that changed, their places, and for each whether it rose, as a number and as a pattern: of a negative
/// number a greater pattern is less.
struct OnlyChanged {
  std::vector<std::byte> elements;
  std::vector<std::size_t> places;
  std::vector<std::byte> rises;
  std::vector<std::byte> grows;
};
[[nodiscard]] OnlyChanged only_changed(const Gathered& gathered, const numeric::ElementFormat& format);

}  // namespace upinspect::diff
