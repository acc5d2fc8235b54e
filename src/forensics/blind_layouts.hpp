// SPDX-License-Identifier: Apache-2.0
// The readings that a search without a second file tries: which bits of which elements, in which order.
#pragma once

#include "forensics/bit_stream.hpp"
#include "upinspect/payload.hpp"

#include <cstdint>
#include <vector>

namespace upinspect::forensics {

struct BlindLayout {
  Field field;
  unsigned character_bits = 8;
  PayloadStream stream = PayloadStream::low_bits;

  /// How nearly all tools write: the lowest bits of every element from the first on, eight to a character.
  [[nodiscard]] bool is_plain() const noexcept { return field.base == 0 && field.stride == 1 && !field.reversed && character_bits == 8; }

  /// Up to eight of them, one end first all the way.
  [[nodiscard]] bool is_plainest() const noexcept { return is_plain() && field.bits <= 8 && field.field_order == field.byte_order; }
};

/// How likely it is, before anything is read, that a message is written so.
enum class Prior {
  likely,   ///< a plainest layout, whose bytes begin with the tensor or, run on through all tensors as they lie in the file, with the first
  plain,    ///< a plain layout otherwise
  other,
};

/// Readings that were tried: each layout in each alignment to bytes. Of the false alarms that are let pass 99 in a hundred are for the likely ones,
/// which are few, and one half each for the other plain ones and for all the rest (weighted Bonferroni), so that a message shows by fewer
/// characters where tools write it.
struct Readings {
  std::uint64_t likely = 0;
  std::uint64_t plain = 0;
  std::uint64_t other = 0;

  [[nodiscard]] std::uint64_t all() const noexcept { return likely + plain + other; }

  /// ln of by how much a chance grows with a reading of this kind.
  [[nodiscard]] double log_weight(Prior prior) const noexcept;
};

/// For elements of `width` bytes; the likely ones first, so that of two readings that are as good the plain one is taken.
[[nodiscard]] std::vector<BlindLayout> blind_layouts(unsigned width);

/// How many readings a search of elements of `width` bytes tries.
[[nodiscard]] Readings blind_readings(unsigned width);

}  // namespace upinspect::forensics
