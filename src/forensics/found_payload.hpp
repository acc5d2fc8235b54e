// SPDX-License-Identifier: Apache-2.0
// A find in a stream as the payload that is reported, but for where its elements lie.
#pragma once

#include "forensics/bit_stream.hpp"
#include "forensics/stream_rating.hpp"

namespace upinspect::forensics {

/// How the stream that was rated was read.
struct StreamReading {
  PayloadStream stream = PayloadStream::low_bits;
  Field field;
  unsigned character_bits = 8;
};

/// What `found` is, its content out of `bytes`, which it was found in, and how it was read.
[[nodiscard]] Payload payload_of(const Found& found, std::span<const std::byte> bytes, const StreamReading& reading);

}  // namespace upinspect::forensics
