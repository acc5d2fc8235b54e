// SPDX-License-Identifier: Apache-2.0
// Elements as numbers: what bytes of any type are worth, in bulk.
#pragma once

#include "upinspect/dtype.hpp"

#include <cstddef>
#include <span>

namespace upinspect::numeric {

/// True for the floats of 8 to 64 bits, integers, booleans, and the ggml blocks that dequantise knows.
[[nodiscard]] bool has_values(Dtype dtype) noexcept;

/// Writes the values of whole little-endian elements to `out`, which has room for each: DtypeInfo::block_elements for
/// every block. Floats keep their value, NaN, infinities and signed zero included; f64 and wide integers become the
/// nearest float. A NaN may lose its payload.
void decode_values(Dtype dtype, std::span<const std::byte> elements, std::span<float> out) noexcept;

/// The same in double, which only integers beyond 2^53 do not fit.
void decode_values(Dtype dtype, std::span<const std::byte> elements, std::span<double> out) noexcept;

}  // namespace upinspect::numeric
