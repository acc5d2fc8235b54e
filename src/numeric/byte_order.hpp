// SPDX-License-Identifier: Apache-2.0
// Turns the byte order of a run of elements round.
#pragma once

#include <cstddef>
#include <span>

namespace upinspect::numeric {

/// Reverses the bytes of each `unit` (DtypeInfo::swap_unit: 1, 2, 4, 8 or any other width) of `bytes` in place. A last
/// part shorter than a unit stays as it is; units of 0 and 1 change nothing.
void swap_bytes(std::span<std::byte> bytes, std::size_t unit) noexcept;

}  // namespace upinspect::numeric
