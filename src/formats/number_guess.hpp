// SPDX-License-Identifier: Apache-2.0
// What the bytes of a source most likely are where no byte says so, from a sample of them.
#pragma once

#include "bytes/source.hpp"
#include "numeric/dtype_guess.hpp"

namespace upinspect::formats {

/// Weighs the whole of a source of up to 1 MiB, of a larger one 64 blocks of 16 KiB spread over it. Throws ReadError.
[[nodiscard]] numeric::DtypeGuess guess_numbers(const bytes::Source& source);

}  // namespace upinspect::formats
