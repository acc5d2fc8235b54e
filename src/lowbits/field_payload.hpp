// SPDX-License-Identifier: Apache-2.0
// Payloads of fields that were certainly written though nothing proves what they say.
#pragma once

#include "forensics/carrier.hpp"
#include "forensics/structure_scan.hpp"
#include "upinspect/low_bits.hpp"

#include <string>

namespace upinspect::lowbits {

/// The lowest `bits` bits of elements `where` of the carrier's part `part`, the first one highest.
[[nodiscard]] Payload field_payload(const forensics::Carrier& carrier, std::size_t part, const Stretch& where, unsigned bits, std::string title);

/// The same of a widened tensor, whose untouched bits are clear: read in the order and the alignment in which it is text, if it is in one.
[[nodiscard]] Payload broken_payload(const forensics::Carrier& carrier, std::size_t part, const Stretch& where, unsigned bits);

/// What was found to be far from random.
[[nodiscard]] Payload structured_payload(const forensics::Carrier& carrier, const forensics::Structure& structure);

/// `read` takes up half of what `field` does, or more; through several tensors all of them.
[[nodiscard]] bool mostly_covers(const Payload& read, const Payload& field);

}  // namespace upinspect::lowbits
