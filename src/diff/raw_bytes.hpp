// SPDX-License-Identifier: Apache-2.0
// The bytes of two files, compared position by position as cmp does, on several threads.
#pragma once

#include "bytes/source.hpp"
#include "upinspect/difference.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace upinspect::diff {

/// What cmp -l would count, and which blocks hold a difference, so that nothing reads the others again.
struct RawComparison {
  static constexpr std::uint64_t k_block = 64U << 10U;

  /// Stretches of a file that one thread at a time works through, whatever its size.
  static constexpr std::size_t k_groups = 256;

  ByteDifference bytes;
  std::vector<bool> differs;   ///< by block of the first `compared` bytes

  /// True where all of `length` bytes from `offset` are known to be the same in both files.
  [[nodiscard]] bool same(std::uint64_t offset, std::uint64_t length) const;
};

/// Is told of blocks that differ, while they are at hand: the group they belong to, where they lie in the files, their bytes.
using DifferingBlocks = std::function<void(std::size_t group, std::uint64_t offset, std::span<const std::byte> before, std::span<const std::byte> after)>;

/// Compares as many bytes as the shorter file has. `jobs` threads, 0: one for each core. `advance` is told of the bytes
/// done, from one thread; it may throw to stop. `differing` is told of the blocks of a group in order; groups come from different threads.
[[nodiscard]] RawComparison compare_bytes(const bytes::Source& before, const bytes::Source& after, unsigned jobs,
                                          const std::function<void(std::uint64_t done, std::uint64_t total)>& advance, const DifferingBlocks& differing);

}  // namespace upinspect::diff
