// SPDX-License-Identifier: Apache-2.0
// Numbers to elements: rounds to the nearest value of a floating type, ties to even, once.
#pragma once

#include "upinspect/dtype.hpp"

#include <cstddef>
#include <span>

namespace upinspect::numeric {

/// True for the floats of 16 to 64 bits and the 8-bit ones with a sign: f8_e4m3, f8_e5m2, f8_e4m3fnuz, f8_e5m2fnuz.
[[nodiscard]] bool can_encode(Dtype dtype) noexcept;

/// Writes `values` as little-endian elements of `dtype` to `out`, which has room for them. Each is rounded once, from
/// the full double, to the nearest element, ties to even; subnormals are kept. NaN stays NaN with its sign. What
/// rounds beyond the greatest element becomes infinity, and in the formats that have none (f8_e4m3, both fnuz) their
/// NaN, infinities included: nothing saturates, as torch and ml_dtypes have it. The fnuz formats have no negative
/// zero: it becomes zero.
void encode_values(Dtype dtype, std::span<const double> values, std::span<std::byte> out) noexcept;
void encode_values(Dtype dtype, std::span<const float> values, std::span<std::byte> out) noexcept;

}  // namespace upinspect::numeric
