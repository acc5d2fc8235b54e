// SPDX-License-Identifier: Apache-2.0
// The readings that a search without a second file tries: which bits of which elements, in which order.
#pragma once

#include "forensics/bit_stream.hpp"
#include "upinspect/payload.hpp"

#include <vector>

namespace upinspect::forensics {

struct BlindLayout {
  Field field;
  unsigned character_bits = 8;
  PayloadStream stream = PayloadStream::low_bits;
};

/// For elements of `width` bytes; the likely ones first, so that of two readings that are as good the plain one is taken.
[[nodiscard]] std::vector<BlindLayout> blind_layouts(unsigned width);

}  // namespace upinspect::forensics
