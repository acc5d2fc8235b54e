// SPDX-License-Identifier: Apache-2.0
#include "forensics/found_payload.hpp"

#include "forensics/statistics.hpp"

namespace upinspect::forensics {

Payload payload_of(const Found& found, std::span<const std::byte> bytes, const StreamReading& reading) {
  Payload payload;
  payload.kind = found.kind;
  payload.title = found.title;
  payload.evidence = found.evidence;
  const auto content = bytes.subspan(found.content_offset, found.content_length);
  payload.content.assign(content.begin(), content.end());
  payload.size = content.size();
  payload.entropy = content.size() < 64 ? 0 : corrected_entropy(content);
  auto& layout = payload.layout;
  layout.stream = reading.stream;
  layout.bits = reading.field.bits;
  layout.base_bit = reading.field.base;
  layout.field_order = reading.field.field_order;
  layout.byte_order = reading.field.byte_order;
  layout.reversed = reading.field.reversed;
  layout.stride = reading.field.stride;
  layout.character_bits = reading.character_bits;
  return payload;
}

}  // namespace upinspect::forensics
