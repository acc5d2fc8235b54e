// SPDX-License-Identifier: Apache-2.0
// Measures large tensors while the files' bytes are compared, so that what differs is read once.
#pragma once

#include "diff/pair.hpp"
#include "numeric/element_difference.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace upinspect::diff {

/// Of pairs whose elements lie at one place of both files, those that are large: small ones are in the cache when they are
/// measured by themselves, and what is held for each would be more than they are.
class OnTheWay {
 public:
  /// `total`: bytes that will be compared.
  OnTheWay(std::span<const Pair> pairs, std::uint64_t total);

  /// Bytes from `offset` of both files that differ somewhere. Of one group in order and from one thread at a time; different
  /// groups may come from different threads.
  void add(std::size_t group, std::uint64_t offset, std::span<const std::byte> before, std::span<const std::byte> after);

  /// What was measured of a pair; nothing where it is none of those.
  [[nodiscard]] std::optional<numeric::ElementDifference> take(const Pair& pair);

 private:
  struct Place {
    ByteRange range;
    std::size_t new_index = 0;
    numeric::ElementFormat format;
    std::size_t keep = 0;
  };

  [[nodiscard]] std::uint64_t units_at(const Place& place) const { return place.range.length / place.format.width; }

  std::vector<Place> m_places;   ///< by their offsets; they do not overlap
  std::vector<std::map<std::size_t, numeric::ElementDifference>> m_groups;
};

}  // namespace upinspect::diff
