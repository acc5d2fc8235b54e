// SPDX-License-Identifier: Apache-2.0
// The bytes of two files, compared position by position as cmp does, on several threads.
#pragma once

#include "bytes/source.hpp"
#include "upinspect/difference.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace upinspect::diff {

/// What cmp -l would count, and which blocks hold a difference, so that nothing reads the others again.
struct RawComparison {
  static constexpr std::uint64_t k_block = 64U << 10U;

  ByteDifference bytes;
  std::vector<bool> differs;   ///< by block of the first `compared` bytes

  /// True where all of `length` bytes from `offset` are known to be the same in both files.
  [[nodiscard]] bool same(std::uint64_t offset, std::uint64_t length) const;
};

/// Compares as many bytes as the shorter file has. `jobs` threads, 0: one for each core. `advance` is told of the bytes
/// done, from one thread; it may throw to stop.
[[nodiscard]] RawComparison compare_bytes(const bytes::Source& before, const bytes::Source& after, unsigned jobs,
                                          const std::function<void(std::uint64_t done, std::uint64_t total)>& advance);

}  // namespace upinspect::diff
