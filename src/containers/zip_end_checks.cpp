// SPDX-License-Identifier: Apache-2.0
// What the end records of a zip archive say of each other, and what follows them.
#include "containers/zip_end.hpp"
#include "containers/zip_rules.hpp"

#include <algorithm>

namespace upinspect::containers {

using bytes::Cursor;
using bytes::Source;

namespace {

void check_zip64(const EndRecords& records, const DirectoryPlace& place, FindingLog& log) {
  if (!records.locator) {
    return;
  }
  // With bytes put in front of the archive the locator is off by as many, like every other offset.
  const bool shifted = place.prefix != 0 && records.adjacent && records.adjacent->offset >= place.prefix &&
                       records.adjacent->offset - place.prefix == records.locator->points_at;
  const auto& locator = *records.locator;
  const ByteRange where{locator.offset, k_locator_bytes};
  if (!records.pointed && !records.adjacent) {
    log.add(zip_rules::k_zip64_locator, where,
            "the zip64 locator points at " + std::to_string(locator.points_at) + ", where there is no zip64 end record");
  } else if (!shifted && (!records.pointed || records.pointed->offset + records.pointed->length != locator.offset)) {
    log.add(zip_rules::k_zip64_locator, where,
            "the zip64 locator points at " + std::to_string(locator.points_at) +
                (records.pointed ? ", a record that does not end where the locator begins" : ", where there is no zip64 end record") +
                (records.adjacent ? "; Python's zipfile reads the one at " + std::to_string(records.adjacent->offset) : ""));
  }
  if (locator.disk != 0 || locator.disks > 1) {
    log.add(zip_rules::k_disks, where, "the zip64 locator speaks of disk " + std::to_string(locator.disk) + " of " +
                                           std::to_string(locator.disks));
  }
}

/// A classic field either repeats the zip64 one or is all ones.
void compare_field(const EndRecords& records, const EndRecord& zip64, std::string_view name, std::uint64_t classic,
                   std::uint64_t wide, std::uint64_t all_ones, FindingLog& log) {
  if (classic != wide && classic != all_ones) {
    log.add(zip_rules::k_zip64_end, {zip64.offset, zip64.length},
            "the " + std::string(name) + " is " + std::to_string(wide) + " in the zip64 end record, which torch and zipfile "
            "follow, and " + std::to_string(classic) + " in the end record at " + std::to_string(records.end.offset));
  }
}

void compare_records(const EndRecords& records, const DirectoryPlace& place, FindingLog& log) {
  const auto& zip64 = place.from;
  compare_field(records, zip64, "number of entries", records.end.count, zip64.count, 0xffff, log);
  compare_field(records, zip64, "directory size", records.end.size, zip64.size, 0xffffffff, log);
  compare_field(records, zip64, "directory offset", records.end.directory_offset, zip64.directory_offset, 0xffffffff, log);
  if (zip64.length > k_zip64_end_bytes) {
    log.add(zip_rules::k_zip64_end, {zip64.offset, zip64.length},
            "the zip64 end record has " + std::to_string(zip64.length - k_zip64_end_bytes) + " bytes of its own after its fields");
  }
}

void check_disks(const EndRecord& record, FindingLog& log) {
  if (record.disk != 0 || record.directory_disk != 0 || record.count_here != record.count) {
    log.add(zip_rules::k_disks, {record.offset, record.length},
            "the end record says disk " + std::to_string(record.disk) + ", directory on disk " +
                std::to_string(record.directory_disk) + ", " + std::to_string(record.count_here) + " of " +
                std::to_string(record.count) + " entries on this disk; torch refuses such archives, zipfile reads on");
  }
}

void read_comment(const Source& source, const EndRecord& end, ZipDirectory& directory, FindingLog& log) {
  Cursor in(source);
  in.seek(end.offset + k_end_bytes, "comment");
  const auto there = std::min<std::uint64_t>(end.comment_length, in.remaining());
  directory.comment = in.text(there, "comment");
  directory.archive_end = in.offset();
  if (there < end.comment_length) {
    log.add(zip_rules::k_comment_cut, {end.offset, k_end_bytes},
            "the comment is said to be " + std::to_string(end.comment_length) + " bytes long, " + std::to_string(there) +
                " are there");
  }
  if (there != 0) {
    log.add(zip_rules::k_comment, {end.offset + k_end_bytes, there}, [&] {
      return "the archive has a comment of " + counted(there, "byte", "bytes") + ": " + quoted(directory.comment);
    });
  }
  if (!in.at_end()) {
    log.add(zip_rules::k_trailing_data, {in.offset(), in.remaining()},
            counted(in.remaining(), "byte follows", "bytes follow") + " the archive's end");
  }
}

}  // namespace

void check_end_records(const Source& source, const EndRecords& records, const DirectoryPlace& place,
                       ZipDirectory& directory, FindingLog& log) {
  directory.addressing = place.addressing;
  directory.prefix_bytes = place.prefix;
  directory.end_offset = records.end.offset;
  directory.declared_count = place.from.count;
  directory.declared_size = place.from.size;
  directory.zip64 = place.zip64;
  directory.disk = static_cast<std::uint32_t>(records.end.disk);
  directory.directory_disk = static_cast<std::uint32_t>(records.end.directory_disk);
  check_zip64(records, place, log);
  if (place.zip64) {
    compare_records(records, place, log);
    check_disks(place.from, log);
  }
  check_disks(records.end, log);
  read_comment(source, records.end, directory, log);
}

void label_end_records(const EndRecords& records, const DirectoryPlace& place, std::uint64_t file_size,
                       bytes::LabelSink& labels) {
  if (place.zip64) {
    labels.label({place.from.offset, place.from.length}, RegionKind::structure, "zip64 end of central directory");
  }
  if (records.locator) {
    labels.label({records.locator->offset, k_locator_bytes}, RegionKind::structure, "zip64 locator");
  }
  labels.label({records.end.offset, k_end_bytes}, RegionKind::structure, "end of central directory");
  const auto comment = records.end.offset + k_end_bytes;
  const auto length = std::min<std::uint64_t>(records.end.comment_length, file_size - comment);
  if (length != 0) {
    labels.label({comment, length}, RegionKind::metadata, "archive comment");
  }
}

}  // namespace upinspect::containers
