// SPDX-License-Identifier: Apache-2.0
// The few distributions that forensic tests are held against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace upinspect::forensics {

/// P(X >= x) for a chi-square variable of `freedom` degrees (NIST DLMF 8.2.4, by series and continued fraction).
[[nodiscard]] double chi_square_tail(double x, double freedom) noexcept;

/// Pearson's statistic of `counts` against `expected`, cells of expectation 0 left out.
[[nodiscard]] double chi_square(std::span<const std::uint64_t> counts, std::span<const double> expected) noexcept;

/// Shannon entropy of bytes in bits, with Miller and Madow's correction, at most 8. 0 for an empty span.
[[nodiscard]] double corrected_entropy(std::span<const std::byte> bytes) noexcept;

/// That uniform bytes would spread as unevenly as these or worse; 1 for fewer than 256 bytes.
[[nodiscard]] double byte_uniformity(std::span<const std::byte> bytes) noexcept;

}  // namespace upinspect::forensics
