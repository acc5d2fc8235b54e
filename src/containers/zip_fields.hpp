// SPDX-License-Identifier: Apache-2.0
//   needed u16 | flags u16 | method u16 | time u16 | date u16 | crc-32 u32 | packed u32 | unpacked u32 | name length u16 | extra length u16
//
// What a record of the directory and a local header have alike, little-endian. APPNOTE.TXT 6.3.10, sections 4.3.7 and 4.3.12.
#pragma once

#include "containers/zip_extra.hpp"

#include <cstdint>

namespace upinspect::containers {

struct FieldLengths {
  std::uint16_t name = 0;
  std::uint16_t extra = 0;
};

/// Reads them from a cursor or from a block of it. Lengths, and sizes that zip64 fields may replace, come apart.
template <typename Fields, typename Header>
void read_shared_fields(Fields& in, Header& out, WideFields& wide, FieldLengths& lengths) {
  out.version_needed = in.template le<std::uint16_t>("version needed");
  out.flags = in.template le<std::uint16_t>("flags");
  out.method = in.template le<std::uint16_t>("method");
  out.dos_time = in.template le<std::uint16_t>("time");
  out.dos_date = in.template le<std::uint16_t>("date");
  out.crc32 = in.template le<std::uint32_t>("crc-32");
  wide.packed = in.template le<std::uint32_t>("packed size");
  wide.unpacked = in.template le<std::uint32_t>("unpacked size");
  lengths.name = in.template le<std::uint16_t>("name length");
  lengths.extra = in.template le<std::uint16_t>("extra length");
}

}  // namespace upinspect::containers
