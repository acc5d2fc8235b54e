// SPDX-License-Identifier: Apache-2.0
// Shannon entropy from counts, in one order of summation and without the math library: the same bits everywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace upinspect::numeric {

/// How often each value of a byte occurs.
using ByteCounts = std::array<std::uint64_t, 256>;

/// count * log2(count), 0 for 0; the relative error is below 1e-15.
[[nodiscard]] double count_log2(std::uint64_t count) noexcept;

/// Bits per byte, 0 to 8; exactly 0 where one value has all the counts or there are none.
[[nodiscard]] double entropy_of_counts(const ByteCounts& counts) noexcept;

/// The entropy of the bytes themselves.
[[nodiscard]] double entropy_of(std::span<const std::byte> bytes);

/// How often each byte occurs in `bytes`, added to `counts`.
void count_bytes(std::span<const std::byte> bytes, ByteCounts& counts);

}  // namespace upinspect::numeric
