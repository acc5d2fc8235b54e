// SPDX-License-Identifier: Apache-2.0
// Statistics of a type of 4, 8 or 16 bits, derived from how often each of its patterns occurs.
#pragma once

#include "numeric/moments.hpp"
#include "numeric/tally.hpp"
#include "upinspect/dtype.hpp"

#include <cstdint>
#include <span>

namespace upinspect::numeric {

struct TableStats {
  Tally tally;
  Moments moments;
};

/// `counts[p]` elements have the bits p: 16, 256 or 65536 counts, as the dtype has patterns. For f4, the types of one
/// byte that have stats, f16, bf16, i16 and u16. Sums are of integers, exact, and only their conclusion is rounded.
[[nodiscard]] TableStats stats_of_table(Dtype dtype, std::span<const std::uint32_t> counts) noexcept;
[[nodiscard]] TableStats stats_of_table(Dtype dtype, std::span<const std::uint64_t> counts) noexcept;

}  // namespace upinspect::numeric
