// SPDX-License-Identifier: Apache-2.0
// A sorted table of code point ranges, and the question whether a code point is in it.
#pragma once

#include <algorithm>
#include <iterator>
#include <span>

namespace upinspect::report {

/// Both ends belong to the range.
struct CodeRange {
  char32_t first;
  char32_t last;
};

[[nodiscard]] constexpr bool contains(std::span<const CodeRange> sorted, char32_t point) noexcept {
  const auto after = std::upper_bound(sorted.begin(), sorted.end(), point,
                                      [](char32_t value, const CodeRange& range) { return value < range.first; });
  return after != sorted.begin() && point <= std::prev(after)->last;
}

}  // namespace upinspect::report
