// SPDX-License-Identifier: Apache-2.0
// Measures what differs between two versions of a tensor of one type, on several threads where the files allow it.
#pragma once

#include "diff/pair.hpp"
#include "numeric/element_difference.hpp"

namespace upinspect::diff {

/// Changed elements of a tensor that are kept for the tests that need single ones.
inline constexpr std::uint64_t k_kept_elements = 1U << 18U;

/// `raw` is what is known of the two files' bytes, nullptr where nothing is. The result does not depend on `jobs`.
[[nodiscard]] numeric::ElementDifference measure_pair(const Pair& pair, const RawComparison* raw, unsigned jobs);

/// True where the comparison of the files' bytes says already that the pair is the same.
[[nodiscard]] bool known_same(const Pair& pair, const RawComparison* raw);

/// Elements as they are counted here: halves of complex numbers, bytes of packed blocks.
[[nodiscard]] std::uint64_t units_of(const Tensor& tensor);

}  // namespace upinspect::diff
