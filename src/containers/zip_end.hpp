// SPDX-License-Identifier: Apache-2.0
// The records at the end of a zip archive, and the two ways of finding the directory from them.
#pragma once

#include "bytes/cursor.hpp"
#include "bytes/source.hpp"
#include "containers/finding_log.hpp"
#include "containers/zip.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upinspect::containers {

inline constexpr std::uint32_t k_end_signature = 0x06054b50;
inline constexpr std::uint64_t k_end_bytes = 22;
inline constexpr std::uint64_t k_locator_bytes = 20;
inline constexpr std::uint64_t k_zip64_end_bytes = 56;

/// End of central directory, classic or zip64.
struct EndRecord {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint32_t disk = 0;
  std::uint32_t directory_disk = 0;
  std::uint64_t count_here = 0;
  std::uint64_t count = 0;
  std::uint64_t size = 0;
  std::uint64_t directory_offset = 0;
  std::uint16_t comment_length = 0;
};

struct Zip64Locator {
  std::uint64_t offset = 0;
  std::uint64_t points_at = 0;
  std::uint32_t disk = 0;
  std::uint32_t disks = 0;
};

struct EndRecords {
  EndRecord end;
  std::optional<Zip64Locator> locator;
  std::optional<EndRecord> pointed;        ///< the zip64 record where the locator points
  std::optional<EndRecord> adjacent;       ///< the zip64 record right before the locator
  std::vector<std::uint64_t> signatures;   ///< every place in the search window that looks like an end record
};

/// A directory that one way of reading the end records leads to.
struct DirectoryPlace {
  EndRecord from;
  std::uint64_t offset = 0;
  std::uint64_t prefix = 0;
  std::uint64_t limit = 0;  ///< the records end here at the latest
  ZipAddressing addressing = ZipAddressing::absolute;
  bool zip64 = false;
};

/// The end record that torch and zipfile use: the last signature with room for the record, no further from the end
/// than a comment can be long. Throws a ParseError where there is none.
[[nodiscard]] EndRecords read_end_records(const bytes::Source& source);

/// The same for an end record whose offset is known.
[[nodiscard]] EndRecords read_end_records_at(const bytes::Source& source, std::uint64_t offset);

/// The directory by the preferred reading, else by the other; reports where both lead somewhere else.
/// Throws a ParseError where neither finds a directory.
[[nodiscard]] DirectoryPlace place_directory(const bytes::Source& source, const EndRecords& records,
                                             ZipAddressing prefer, ZipDirectory& directory, FindingLog& log);

/// Findings on what the end records say of each other, and on their comment, which goes to `directory`.
void check_end_records(const bytes::Source& source, const EndRecords& records, const DirectoryPlace& place,
                       ZipDirectory& directory, FindingLog& log);

void label_end_records(const EndRecords& records, const DirectoryPlace& place, std::uint64_t file_size,
                       bytes::LabelSink& labels);

}  // namespace upinspect::containers
