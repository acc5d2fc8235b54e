// SPDX-License-Identifier: Apache-2.0
// Reads a zip archive's own account of itself: its end records, directory and local headers, and where they disagree.
#pragma once

#include "bytes/cursor.hpp"
#include "bytes/inflate.hpp"
#include "bytes/source.hpp"
#include "upinspect/artifact.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::containers {

/// Kinds of extra field, as bits of ZipEntry::extras. torch writes only `alignment` and, for big archives, `zip64`.
enum ZipExtra : std::uint8_t {
  k_extra_zip64 = 1,         ///< 0x0001
  k_extra_alignment = 2,     ///< "FB", torch's fill up to the next 64-byte boundary
  k_extra_times = 4,         ///< "UT" or NTFS times
  k_extra_owner = 8,         ///< "ux" or "UX", Unix user and group
  k_extra_unicode_path = 16, ///< 0x7075, another name for the entry
  k_extra_other = 32,
};

inline constexpr std::uint16_t k_zip_stored = 0;
inline constexpr std::uint16_t k_zip_deflated = 8;

/// One entry, as the central directory tells it. Offsets are from the start of the file, `prefix_bytes` included.
struct ZipEntry {
  std::string name;                      ///< raw bytes
  std::uint64_t packed_size = 0;
  std::uint64_t unpacked_size = 0;
  std::uint64_t header_offset = 0;       ///< of the local header
  std::uint64_t central_offset = 0;      ///< of the entry's record in the central directory
  ByteRange data;                        ///< the packed bytes that are there; nothing where no local header was found
  std::uint32_t crc32 = 0;               ///< of the unpacked bytes, as declared; checked in the pass over the data
  std::uint32_t external_attributes = 0;
  std::uint32_t header_length = 0;       ///< local header with name and extra fields; 0 where there is none
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
  std::uint16_t version_made = 0;
  std::uint16_t version_needed = 0;
  std::uint16_t dos_time = 0;
  std::uint16_t dos_date = 0;
  std::uint16_t comment_length = 0;
  std::uint16_t disk = 0;
  std::uint8_t descriptor_length = 0;    ///< of the data descriptor after the data, 0 where there is none
  std::uint8_t extras = 0;               ///< ZipExtra bits of both headers
  bool cut = false;                      ///< the file ends before the data does
  bool overlaps = false;                 ///< shares bytes with an earlier entry or the directory: read it once at most
  bool size_known = true;                ///< false for a salvaged entry whose end was not found

  [[nodiscard]] bool encrypted() const noexcept { return (flags & 0x0041U) != 0; }
  [[nodiscard]] bool has_header() const noexcept { return header_length != 0; }
  /// The name ends in a slash, or the DOS directory attribute is set: miniz then extracts nothing.
  [[nodiscard]] bool looks_like_directory() const noexcept {
    return (!name.empty() && name.back() == '/') || (external_attributes & 0x10U) != 0;
  }
  /// One past the last byte that belongs to the entry.
  [[nodiscard]] std::uint64_t end() const noexcept { return data.end() + descriptor_length; }

  friend bool operator==(const ZipEntry&, const ZipEntry&) = default;
};

/// How offsets in the archive are meant.
enum class ZipAddressing : std::uint8_t {
  absolute,  ///< from the start of the file: torch (miniz), netron
  adjusted,  ///< from the start of the archive, found by counting back from its end: Python's zipfile
};

struct ZipLimits {
  std::uint64_t directory_bytes = std::uint64_t{256} << 20;
  std::uint64_t entries = 2'000'000;
  /// How far a salvage looks through data for signatures, from where it first has to.
  std::uint64_t scanned_bytes = UINT64_MAX;
  /// More than one may be used.
  bool threads = false;
  /// The reading to take where both give a directory and they differ.
  ZipAddressing prefer = ZipAddressing::absolute;
};

struct ZipDirectory {
  std::vector<ZipEntry> entries;         ///< in the order of the central directory (of the file, where salvaged)
  ZipAddressing addressing = ZipAddressing::absolute;
  std::uint64_t prefix_bytes = 0;        ///< what the adjusted reading adds to every offset
  ByteRange central;                     ///< the records of the central directory that were read
  std::uint64_t end_offset = 0;          ///< of the end of central directory record
  std::uint64_t archive_end = 0;         ///< one past that record and its comment
  std::uint64_t declared_count = 0;      ///< entries that the end record counts: miniz sees only the first so many
  std::uint64_t declared_size = 0;       ///< bytes that the end record gives the directory: zipfile reads only those
  std::uint32_t disk = 0;                ///< what the end record says of disks: of itself,
  std::uint32_t directory_disk = 0;      ///< and of the directory
  bool zip64 = false;                    ///< the figures come from a zip64 end record
  bool salvaged = false;                 ///< there was no directory; entries come from local headers
  bool partial = false;                  ///< the salvage stopped at ZipLimits::scanned_bytes: there may be more entries
  std::string comment;
  std::optional<std::uint64_t> other_directory;  ///< where the other way of addressing finds a different directory
  std::map<std::size_t, std::string> local_names;  ///< by entry index, where the local header has another name (the first few hundred)

  /// The entry of exactly this name that Python's zipfile would pick: the last. nullptr where there is none.
  [[nodiscard]] const ZipEntry* find(std::string_view name) const;
  /// The indices of all entries of exactly this name, in order.
  [[nodiscard]] std::vector<std::size_t> find_all(std::string_view name) const;
  /// The indices of all entries that a careless reader might take for `name`: case ignored, `\` read as `/`, the name
  /// cut at a NUL, accents spelled in another way.
  [[nodiscard]] std::vector<std::size_t> find_similar(std::string_view name) const;

  /// Sorted by (hash of the folded name, folded name, index); made by `index_names`.
  struct NameKey {
    std::uint64_t hash;
    std::uint32_t entry;
  };
  std::vector<NameKey> name_index;
  std::vector<std::uint32_t> unsafe_names;  ///< entries whose names are, in order; made by `index_names` too
};

/// Reads the directory and every local header; labels all but the entries' data (the format knows what those are) and
/// adds findings `zip.*` and `container.*`. Throws a ParseError only where there is no readable directory: `truncated`
/// is set where the file begins as a zip does, then try `salvage_zip`.
[[nodiscard]] ZipDirectory read_zip(const bytes::Source& source, bytes::LabelSink* labels,
                                    std::vector<Finding>& findings, const ZipLimits& limits = {});

/// Lists the entries of an archive without directory from its local headers, and says which are whole.
/// Reads through the file, as far as the limits let it, where sizes are kept in data descriptors only, as torch writes them.
[[nodiscard]] ZipDirectory salvage_zip(const bytes::Source& source, bytes::LabelSink* labels,
                                       std::vector<Finding>& findings, const ZipLimits& limits = {});

/// Labels the data of every entry that shares no bytes with another as payload "NAME". For formats that do not care.
void label_payload(const ZipDirectory& directory, bytes::LabelSink& labels);

/// Why the entry's content cannot be read, in words; empty where it can.
[[nodiscard]] std::string why_unreadable(const ZipEntry& entry);

/// The unpacked content of a small entry. Throws a ParseError where it cannot be read whole or is longer than `cap`.
[[nodiscard]] bytes::UnpackedBytes read_entry(const bytes::Source& source, const ZipEntry& entry, std::uint64_t cap);

}  // namespace upinspect::containers
