// SPDX-License-Identifier: Apache-2.0
// Walks the extra fields of a zip header: id u16, length u16, body, one after another.
#pragma once

#include "bytes/cursor.hpp"
#include "containers/zip.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace upinspect::containers {

inline constexpr std::uint16_t k_zip64_extra_id = 0x0001;
inline constexpr std::uint16_t k_alignment_extra_id = 0x4246;  // "FB"
inline constexpr std::uint16_t k_unicode_path_id = 0x7075;

/// The sizes and offset of a header, which a zip64 field replaces where their 32 bits are all ones.
struct WideFields {
  std::uint64_t unpacked = 0;
  std::uint64_t packed = 0;
  std::uint64_t header_offset = 0;
  std::uint32_t disk = 0;
  bool missing = false;  ///< one of them is all ones and no zip64 field has its value
};

/// What the extra fields of one header hold. Offsets are in the file.
struct ExtraFields {
  std::uint8_t kinds = 0;                  ///< ZipExtra bits
  std::optional<ByteRange> alignment;      ///< the fill of torch's "FB" field
  std::optional<std::string> unicode_path;
  std::uint64_t unparsed = 0;              ///< bytes at the end that are no field
};

/// Walks the `length` bytes at the cursor, which the window must hold, fills in `wide` and leaves the cursor after them.
/// The disk and offset are looked for in central headers only: a local header has neither.
[[nodiscard]] ExtraFields read_extra_fields(bytes::Cursor& in, std::uint64_t length, WideFields& wide);

}  // namespace upinspect::containers
