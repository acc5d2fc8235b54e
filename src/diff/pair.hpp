// SPDX-License-Identifier: Apache-2.0
// Two versions of a tensor, handed out side by side element for element.
#pragma once

#include "diff/raw_bytes.hpp"
#include "diff/side.hpp"

#include <cstdint>
#include <functional>
#include <span>

namespace upinspect::diff {

/// The same number of elements on both sides; their widths may differ.
struct Pair {
  const Side& before;
  std::size_t old_index;
  const Side& after;
  std::size_t new_index;

  [[nodiscard]] const Tensor& old_tensor() const { return before.tensor(old_index); }
  [[nodiscard]] const Tensor& new_tensor() const { return after.tensor(new_index); }

  /// True where both sides can be read at any place, so that pieces can be compared on several threads.
  [[nodiscard]] bool seekable() const { return before.plain(old_index) && after.plain(new_index); }
};

using PairSink = std::function<void(std::span<const std::byte> before, std::span<const std::byte> after)>;

/// Hands out the pair's elements from first to last, in pieces of as many elements on the one side as on the other. The
/// sink may throw to stop. Throws InputError where a side cannot be read.
void stream_pair(const Pair& pair, const PairSink& sink);

/// The same of `count` elements from `first` of a seekable pair.
void read_pair(const Pair& pair, std::uint64_t first, std::uint64_t count, const PairSink& sink);

}  // namespace upinspect::diff
