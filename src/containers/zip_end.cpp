// SPDX-License-Identifier: Apache-2.0
//
//   [zip64 end]      50 4B 06 06 | record size u64 | made u16 | needed u16 | disk u32 | directory disk u32
//                    | entries here u64 | entries u64 | directory size u64 | directory offset u64 | extensible data
//   [zip64 locator]  50 4B 06 07 | disk u32 | offset of the zip64 end u64 | disks u32
//   end              50 4B 05 06 | disk u16 | directory disk u16 | entries here u16 | entries u16
//                    | directory size u32 | directory offset u32 | comment length u16 | comment
//
// All little-endian. APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16.
#include "containers/zip_end.hpp"

#include "containers/zip_rules.hpp"

#include <algorithm>

namespace upinspect::containers {

using bytes::Cursor;
using bytes::ParseError;
using bytes::Source;

namespace {

constexpr std::uint32_t k_zip64_end_signature = 0x06064b50;
constexpr std::uint32_t k_locator_signature = 0x07064b50;
constexpr std::uint32_t k_central_signature = 0x02014b50;
constexpr std::uint64_t k_longest_comment = 65'535;
constexpr std::string_view k_end_field = "end of central directory";

bool signature_at(const Source& source, std::uint64_t offset, std::uint32_t wanted) {
  if (offset > source.size() || source.size() - offset < 4) {
    return false;
  }
  Cursor in(source);
  in.seek(offset, "signature");
  return in.le<std::uint32_t>("signature") == wanted;
}

EndRecord read_end(const Source& source, std::uint64_t offset) {
  Cursor in(source);
  in.seek(offset, k_end_field);
  EndRecord out;
  out.offset = offset;
  in.skip(4, "signature of the end record");
  out.disk = in.le<std::uint16_t>("disk number");
  out.directory_disk = in.le<std::uint16_t>("disk of the directory");
  out.count_here = in.le<std::uint16_t>("entries on this disk");
  out.count = in.le<std::uint16_t>("entries");
  out.size = in.le<std::uint32_t>("directory size");
  out.directory_offset = in.le<std::uint32_t>("directory offset");
  out.comment_length = in.le<std::uint16_t>("comment length");
  out.length = k_end_bytes;
  return out;
}

std::optional<Zip64Locator> read_locator(const Source& source, std::uint64_t end_offset) {
  if (end_offset < k_locator_bytes || !signature_at(source, end_offset - k_locator_bytes, k_locator_signature)) {
    return std::nullopt;
  }
  Cursor in(source);
  in.seek(end_offset - k_locator_bytes, "zip64 locator");
  Zip64Locator out;
  out.offset = in.offset();
  in.skip(4, "signature of the zip64 locator");
  out.disk = in.le<std::uint32_t>("disk of the zip64 end record");
  out.points_at = in.le<std::uint64_t>("offset of the zip64 end record");
  out.disks = in.le<std::uint32_t>("number of disks");
  return out;
}

std::optional<EndRecord> read_zip64_end(const Source& source, std::uint64_t offset) {
  if (!signature_at(source, offset, k_zip64_end_signature) || source.size() - offset < k_zip64_end_bytes) {
    return std::nullopt;
  }
  Cursor in(source);
  in.seek(offset, "zip64 end record");
  EndRecord out;
  out.offset = offset;
  in.skip(4, "signature of the zip64 end record");
  // The size leaves out its own field and the signature. A record that claims more than is there counts as bare.
  const auto record = in.le<std::uint64_t>("size of the zip64 end record");
  out.length = record >= k_zip64_end_bytes - 12 && record <= in.remaining() ? record + 12 : k_zip64_end_bytes;
  in.skip(4, "versions");
  out.disk = in.le<std::uint32_t>("disk number");
  out.directory_disk = in.le<std::uint32_t>("disk of the directory");
  out.count_here = in.le<std::uint64_t>("entries on this disk");
  out.count = in.le<std::uint64_t>("entries");
  out.size = in.le<std::uint64_t>("directory size");
  out.directory_offset = in.le<std::uint64_t>("directory offset");
  return out;
}

[[noreturn]] void refuse(const Source& source, std::uint64_t offset, std::string_view field, std::string why) {
  ParseError error(offset, std::string(field), std::move(why));
  error.truncated = signature_at(source, 0, 0x04034b50);
  throw error;
}

}  // namespace

// --- Finding the records ----------------------------------------------------------------------------------------

EndRecords read_end_records_at(const Source& source, std::uint64_t offset) {
  EndRecords out;
  out.end = read_end(source, offset);
  out.locator = read_locator(source, offset);
  if (out.locator) {
    out.pointed = read_zip64_end(source, out.locator->points_at);
    if (out.locator->offset >= k_zip64_end_bytes) {
      out.adjacent = read_zip64_end(source, out.locator->offset - k_zip64_end_bytes);
    }
  }
  return out;
}

EndRecords read_end_records(const Source& source) {
  const auto length = std::min(source.size(), k_longest_comment + k_end_bytes);
  const auto start = source.size() - length;
  Cursor in(source, ByteRange{start, length});
  const auto window = in.text(length, k_end_field);
  std::vector<std::uint64_t> signatures;
  for (auto at = window.find("PK\x05\x06"); at != std::string::npos; at = window.find("PK\x05\x06", at + 1)) {
    if (window.size() - at >= k_end_bytes) {
      signatures.push_back(start + at);
    }
  }
  if (signatures.empty()) {
    refuse(source, source.size(), k_end_field, "there is none in the last " + std::to_string(length) + " bytes");
  }
  auto out = read_end_records_at(source, signatures.back());
  out.signatures = std::move(signatures);
  return out;
}

// --- Finding the directory --------------------------------------------------------------------------------------

namespace {

/// The first end record after `offset`, where the directory must have ended.
std::uint64_t limit_after(const EndRecords& records, const EndRecord& from, std::uint64_t offset) {
  auto limit = records.end.offset;
  if (from.offset >= offset) {
    limit = std::min(limit, from.offset);
  }
  if (records.locator && records.locator->offset >= offset) {
    limit = std::min(limit, records.locator->offset);
  }
  return limit;
}

std::optional<DirectoryPlace> settle(const Source& source, const EndRecords& records, DirectoryPlace place) {
  if (place.offset > records.end.offset || !signature_at(source, place.offset, k_central_signature)) {
    return std::nullopt;
  }
  place.limit = limit_after(records, place.from, place.offset);
  return place.limit < place.offset ? std::nullopt : std::optional(place);
}

/// As miniz does it: the locator's and the record's offsets count from the start of the file.
std::optional<DirectoryPlace> absolute_place(const Source& source, const EndRecords& records) {
  DirectoryPlace place;
  place.zip64 = records.pointed.has_value();
  place.from = place.zip64 ? *records.pointed : records.end;
  place.offset = place.from.directory_offset;
  return settle(source, records, place);
}

/// As zipfile does it: the zip64 record lies right before its locator, the directory ends where the end records begin.
std::optional<DirectoryPlace> adjusted_place(const Source& source, const EndRecords& records) {
  DirectoryPlace place;
  place.addressing = ZipAddressing::adjusted;
  place.zip64 = records.adjacent.has_value();
  place.from = place.zip64 ? *records.adjacent : records.end;
  if (place.from.size > place.from.offset || place.from.directory_offset > place.from.offset - place.from.size) {
    return std::nullopt;
  }
  place.offset = place.from.offset - place.from.size;
  place.prefix = place.offset - place.from.directory_offset;
  return settle(source, records, place);
}

/// An archive without entries has no directory record to find.
std::optional<DirectoryPlace> empty_place(const EndRecords& records) {
  const auto& from = records.adjacent ? *records.adjacent : records.end;
  if (from.count != 0 || from.size != 0) {
    return std::nullopt;
  }
  DirectoryPlace place;
  place.from = from;
  place.zip64 = records.adjacent.has_value();
  place.offset = place.limit = from.offset;
  return place;
}

std::string say_other(const DirectoryPlace& chosen, const DirectoryPlace& other) {
  const auto name = [](const DirectoryPlace& place) {
    return std::string(place.addressing == ZipAddressing::absolute ? "torch (offsets from the start of the file)"
                                                                   : "Python's zipfile (offsets from the archive's start)");
  };
  return name(chosen) + " reads the directory at " + std::to_string(chosen.offset) + ", " + name(other) +
         " reads another one at " + std::to_string(other.offset) + ": they see different content";
}

}  // namespace

DirectoryPlace place_directory(const Source& source, const EndRecords& records, ZipAddressing prefer,
                               ZipDirectory& directory, FindingLog& log) {
  auto chosen = absolute_place(source, records);
  auto other = adjusted_place(source, records);
  if (!chosen || (other && prefer == ZipAddressing::adjusted)) {
    std::swap(chosen, other);
  }
  if (!chosen) {
    chosen = empty_place(records);
  }
  if (!chosen) {
    refuse(source, records.end.offset, "central directory",
           "is neither at " + std::to_string(records.end.directory_offset) + ", as the end record says, nor right before it");
  }
  if (other && other->offset != chosen->offset) {
    directory.other_directory = other->offset;
    log.add(zip_rules::k_two_directories, {records.end.offset, k_end_bytes},
            [&] { return say_other(*chosen, *other); });
  } else if (other) {
    // Where both agree on the place, nothing has to be added to the offsets.
    chosen->addressing = ZipAddressing::absolute;
  }
  return *chosen;
}

}  // namespace upinspect::containers
