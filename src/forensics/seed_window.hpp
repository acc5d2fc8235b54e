// SPDX-License-Identifier: Apache-2.0
// How much is read around a place that looks like something.
#pragma once

#include <cstddef>
#include <cstdint>

namespace upinspect::forensics {

/// Of a file's content no more is held.
inline constexpr std::uint64_t k_most_content = std::uint64_t{64} << 20;

/// What begins as a file is not one, nearly always, after as many bytes.
inline constexpr std::uint64_t k_longer_front = 4096;

/// What stands before a seed may be a header: so many characters are read with it, and so many behind it at first.
inline constexpr std::uint64_t k_before = 72;
inline constexpr std::uint64_t k_first_window = 1024;

/// Where a digest stands in front, what it is of is read with it.
inline constexpr std::uint64_t k_digest_window = std::uint64_t{16} << 20;

/// After as many that were none a stream is not read any further.
inline constexpr std::size_t k_most_in_vain = 32;

}  // namespace upinspect::forensics
