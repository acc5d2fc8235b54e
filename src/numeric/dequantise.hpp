// SPDX-License-Identifier: Apache-2.0
// The values of ggml's quantised blocks, as ggml itself computes them.
#pragma once

#include "upinspect/dtype.hpp"

#include <cstddef>
#include <span>

namespace upinspect::numeric {

/// True for q4_0 to q8_1, the K-quants, iq4_nl, iq4_xs, tq1_0, tq2_0 and mxfp4. The other iq types take their values
/// from large tables of ggml's and are left as they are.
[[nodiscard]] bool can_dequantise(Dtype dtype) noexcept;

/// Decodes whole blocks (DtypeInfo::block_bytes each, little-endian) to `out`, which takes DtypeInfo::block_elements
/// floats for each. Products are taken in float and in ggml's order, so that the floats are ggml's to the bit.
void dequantise(Dtype dtype, std::span<const std::byte> blocks, std::span<float> out) noexcept;

/// Turns the numbers of more than one byte within whole blocks round, in place: big-endian blocks become little-endian
/// ones. Which these are follows ggml's structures; packed bits are bytes in either order.
void swap_block_fields(Dtype dtype, std::span<std::byte> blocks) noexcept;

}  // namespace upinspect::numeric
