// SPDX-License-Identifier: Apache-2.0
// Unicode's canonical decompositions and the classes of its combining marks.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace upinspect::bytes {

/// One step: `second` is 0 where a character stands for a single other one.
struct Decomposition {
  char32_t composed;
  char32_t first;
  char32_t second;
};

/// Marks from `first` to `last` share a combining class above 0.
struct MarkRun {
  char32_t first;
  char32_t last;
  std::uint8_t combining_class;
};

/// Sorted by the composed character.
[[nodiscard]] std::span<const Decomposition> decompositions() noexcept;
/// Sorted, without overlap.
[[nodiscard]] std::span<const MarkRun> mark_runs() noexcept;

}  // namespace upinspect::bytes
