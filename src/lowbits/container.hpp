// SPDX-License-Identifier: Apache-2.0
// Looks into the bytes of a file that are no elements: gaps, padding, what follows the end, records that belong to no tensor,
// what no view reaches of a storage, comments, encoded text, white space.
#pragma once

#include "inspect/opened.hpp"
#include "upinspect/low_bits.hpp"

#include <cstdint>
#include <string>

namespace upinspect::lowbits {

/// Rates the channels of the file at `path`, at most `memory` bytes of each, and adds what they hold to the result. Of text
/// (headers, comments, pickles) what stands in it as base64 or hexadecimal digits is rated.
void search_container(const std::string& path, const inspecting::Opened& opened, std::uint64_t memory, LowBits& result);

}  // namespace upinspect::lowbits
