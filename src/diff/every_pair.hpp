// SPDX-License-Identifier: Apache-2.0
// Holds a statement against every element of a pair, and gives up at the first that refutes it.
#pragma once

#include "diff/pair.hpp"
#include "numeric/element_format.hpp"
#include "numeric/load_any.hpp"

namespace upinspect::diff {

struct Refuted {};

/// Calls `visit(before, after)` with the patterns of every element; it may throw Refuted to stop.
template <typename Visit>
bool visit_pairs(const Pair& pair, const Visit& visit) {
  const auto old_width = numeric::element_format(pair.old_tensor().dtype).width;
  const auto new_width = numeric::element_format(pair.new_tensor().dtype).width;
  try {
    stream_pair(pair, [&](std::span<const std::byte> before, std::span<const std::byte> after) {
      const auto count = after.size() / new_width;
      for (std::size_t i = 0; i < count; ++i) {
        visit(numeric::pattern_at(before, i, old_width), numeric::pattern_at(after, i, new_width));
      }
    });
  } catch (const Refuted&) {
    return false;
  }
  return true;
}

/// True where `test(before, after)` holds for every element.
template <typename Test>
bool every_pair(const Pair& pair, const Test& test) {
  return visit_pairs(pair, [&test](std::uint64_t before, std::uint64_t after) {
    if (!test(before, after)) {
      throw Refuted();
    }
  });
}

}  // namespace upinspect::diff
