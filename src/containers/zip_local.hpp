// SPDX-License-Identifier: Apache-2.0
// Reads local headers and data descriptors and holds them against the directory.
#pragma once

#include "bytes/cursor.hpp"
#include "containers/finding_log.hpp"
#include "containers/zip.hpp"
#include "containers/zip_extra.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upinspect::containers {

inline constexpr std::uint32_t k_local_signature = 0x04034b50;
inline constexpr std::uint64_t k_local_bytes = 30;

/// A local header, its sizes already widened by its zip64 field.
struct LocalHeader {
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
  std::uint16_t version_needed = 0;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint16_t dos_time = 0;
  std::uint16_t dos_date = 0;
  std::uint32_t crc32 = 0;
  WideFields sizes;
  std::string name;
  ExtraFields extra;
};

/// The header at `offset`; nothing where there is no signature or not all of the header.
[[nodiscard]] std::optional<LocalHeader> read_local_header(bytes::Cursor& file, std::uint64_t offset);
/// The same into a header that is used again and again; false where there is none.
[[nodiscard]] bool read_local_header(bytes::Cursor& file, std::uint64_t offset, LocalHeader& out);

/// Labels the header, its fill apart, under `name`.
void label_local_header(const LocalHeader& header, const std::string& name, bytes::LabelSink& labels);

/// Finds non-fill bytes in the alignment padding.
void check_padding(bytes::Cursor& file, const LocalHeader& header, const std::string& name, FindingLog& log);

/// Reads the local header of every entry, each place once, and fills in what the entries know of their data.
/// Gives the entries' indices in order of their headers.
std::vector<std::uint32_t> read_local_headers(const bytes::Source& source, ZipDirectory& directory,
                                              bytes::LabelSink* labels, FindingLog& log);

/// The length of the data descriptor at `offset` (with or without signature, with 32 or 64 bits) that repeats the
/// entry's checksum and sizes; nothing where none does. The one that ends at `next` is preferred.
[[nodiscard]] std::optional<std::uint8_t> match_descriptor(bytes::Cursor& file, std::uint64_t offset, const ZipEntry& entry,
                                                           std::uint64_t next);

/// Findings on the fields in which `header` and `entry` differ.
void compare_headers(const ZipEntry& entry, const LocalHeader& header, FindingLog& log);

/// Sizes and CRC follow the data (APPNOTE 4.4.4, bit 3).
inline constexpr std::uint16_t k_descriptor_flag = 0x0008;

}  // namespace upinspect::containers
