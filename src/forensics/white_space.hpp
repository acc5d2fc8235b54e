// SPDX-License-Identifier: Apache-2.0
// What the white space between the tokens of JSON may say: readers pass it over, so that it carries anything.
#pragma once

#include "forensics/bit_stream.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace upinspect::forensics {

/// One way to read white space.
struct WhiteSpaceReading {
  std::string title;
  std::vector<std::byte> bytes;
  BitOrder order = BitOrder::msb;   ///< which bit of a byte comes first
};

/// The white space of `json` outside of its strings, as bits and as bytes: two different characters are a bit each, three or
/// four are two bits each, in every assignment; the lengths of the runs after commas and colons are bits, half bytes or bytes.
/// Each from either end of the byte. Nothing where there is none, or where it is all of one character and one length.
[[nodiscard]] std::vector<WhiteSpaceReading> white_space_readings(std::span<const std::byte> json);

}  // namespace upinspect::forensics
