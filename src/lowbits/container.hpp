// SPDX-License-Identifier: Apache-2.0
// Looks into the bytes of a file that no tensor needs: gaps, padding, what follows the end.
#pragma once

#include "upinspect/low_bits.hpp"

#include <cstdint>
#include <string>

namespace upinspect::lowbits {

/// Rates every gap and every padding of the file that is not one byte repeated, at most `memory` bytes of each, and adds
/// what it holds to the result.
void search_container(const std::string& path, const Artifact& artifact, std::uint64_t memory, LowBits& result);

}  // namespace upinspect::lowbits
