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
};

/// Readings that were tried: each layout in each alignment to bytes. Half of the false alarms that are let pass are for the plain ones, which
/// are few, so that a message there shows by fewer characters.
struct Readings {
  std::uint64_t plain = 0;
  std::uint64_t other = 0;

  [[nodiscard]] std::uint64_t all() const noexcept { return plain + other; }

  /// ln of by how much a chance grows with a reading of this layout.
  [[nodiscard]] double log_weight(const BlindLayout& layout) const noexcept;
};

/// For elements of `width` bytes; the likely ones first, so that of two readings that are as good the plain one is taken.
[[nodiscard]] std::vector<BlindLayout> blind_layouts(unsigned width);

/// How many readings a search of elements of `width` bytes tries.
[[nodiscard]] Readings blind_readings(unsigned width);

}  // namespace upinspect::forensics
