// SPDX-License-Identifier: Apache-2.0
//
//   50 4B 01 02 | made u16 | needed u16 | flags u16 | method u16 | time u16 | date u16 | crc-32 u32 | packed u32
//   | unpacked u32 | name length u16 | extra length u16 | comment length u16 | disk u16 | internal attributes u16
//   | external attributes u32 | local header offset u32 | name | extra | comment
//
// All little-endian. APPNOTE.TXT 6.3.10, section 4.3.12.
#include "containers/zip_central.hpp"

#include "bytes/checked.hpp"
#include "containers/zip_extra.hpp"
#include "containers/zip_fields.hpp"
#include "containers/zip_rules.hpp"

#include <algorithm>

namespace upinspect::containers {

using bytes::Cursor;

namespace {

constexpr std::uint32_t k_signature = 0x02014b50;
constexpr std::uint64_t k_record_bytes = 46;  // without name, extra fields and comment
constexpr std::uint32_t k_digital_signature = 0x05054b50;

struct Lengths : FieldLengths {
  std::uint16_t comment = 0;
};

/// The fixed part. Lengths and sizes that zip64 fields may replace come apart.
template <typename Fields>
void read_fixed(Fields& in, ZipEntry& out, Lengths& lengths, WideFields& wide) {
  in.skip(4, "signature of a directory record");
  out.version_made = in.template le<std::uint16_t>("version made by");
  read_shared_fields(in, out, wide, lengths);
  lengths.comment = in.template le<std::uint16_t>("comment length");
  wide.disk = in.template le<std::uint16_t>("disk");
  in.skip(2, "internal attributes");
  out.external_attributes = in.template le<std::uint32_t>("external attributes");
  wide.header_offset = in.template le<std::uint32_t>("local header offset");
}

void report_extra(const ZipEntry& entry, const ExtraFields& extra, const WideFields& wide, ByteRange where,
                  FindingLog& log) {
  if (wide.missing) {
    log.add(zip_rules::k_zip64_missing, where, [&] {
      return quoted(entry.name) + " leaves a size or its offset to a zip64 field that is not there; torch refuses the archive, "
             "zipfile takes 4294967295";
    });
  }
  if (extra.unparsed != 0) {
    log.add(zip_rules::k_extra, where, [&] {
      return "the last " + counted(extra.unparsed, "byte", "bytes") + " of the extra fields of " + quoted(entry.name) +
             " in the directory are no field";
    });
  }
  if (extra.unicode_path && *extra.unicode_path != entry.name) {
    log.add(zip_rules::k_unicode_path, where, [&] {
      return "torch reads the name " + quoted(entry.name) + "; readers that know the Unicode path field read " +
             quoted(*extra.unicode_path);
    });
  }
}

void read_record(Cursor& in, std::uint64_t prefix, ZipEntry& entry, FindingLog& log) {
  const auto start = in.offset();
  Lengths lengths;
  WideFields wide;
  if (auto block = in.block(k_record_bytes)) {
    read_fixed(*block, entry, lengths, wide);
  } else {
    read_fixed(in, entry, lengths, wide);
  }
  entry.central_offset = start;
  in.text(lengths.name, "entry name", entry.name);
  if (lengths.extra > in.remaining()) {
    in.fail("extra fields", "run past the end of the directory");
  }
  const auto extra = read_extra_fields(in, lengths.extra, wide);
  in.skip(lengths.comment, "entry comment");
  entry.comment_length = lengths.comment;
  entry.extras = extra.kinds;
  entry.packed_size = wide.packed;
  entry.unpacked_size = wide.unpacked;
  entry.disk = static_cast<std::uint16_t>(std::min<std::uint32_t>(wide.disk, 0xffff));
  entry.header_offset = bytes::checked_add(wide.header_offset, prefix).value_or(UINT64_MAX);
  report_extra(entry, extra, wide, {start, in.offset() - start}, log);
}

bool at_record(Cursor& in, std::uint32_t signature, std::uint64_t least) {
  if (in.remaining() < least) {
    return false;
  }
  const auto start = in.offset();
  const auto found = in.le<std::uint32_t>("signature of a directory record");
  in.seek(start, "signature of a directory record");
  return found == signature;
}

bool past_limits(const Cursor& in, const DirectoryPlace& place, const ZipLimits& limits, const ZipDirectory& directory,
                 FindingLog& log) {
  if (directory.entries.size() < limits.entries && in.offset() - place.offset < limits.directory_bytes) {
    return false;
  }
  log.add(zip_rules::k_directory_limit, {in.offset(), in.remaining()},
          "the directory goes on after " + counted(directory.entries.size(), "entry", "entries") + " and " +
              std::to_string(in.offset() - place.offset) + " bytes, the most that is read");
  return true;
}

void walk(Cursor& in, const DirectoryPlace& place, const ZipLimits& limits, ZipDirectory& directory, FindingLog& log) {
  while (at_record(in, k_signature, 4)) {
    if (past_limits(in, place, limits, directory, log)) {
      return;
    }
    const auto start = in.offset();
    try {
      read_record(in, place.prefix, directory.entries.emplace_back(), log);
    } catch (const bytes::ParseError& error) {
      directory.entries.pop_back();
      in.seek(start, "directory record");
      log.add(zip_rules::k_directory_cut, {start, in.remaining()},
              "the directory record after " + counted(directory.entries.size(), "entry", "entries") +
                  " does not fit before the end record: " + error.what());
      return;
    }
  }
  if (at_record(in, k_digital_signature, 6)) {
    in.skip(4, "digital signature");
    const std::uint64_t length = in.le<std::uint16_t>("length of the digital signature");
    in.skip(std::min(length, in.remaining()), "digital signature");
  }
}

void compare_with_end(const DirectoryPlace& place, const ZipDirectory& directory, FindingLog& log) {
  const auto& from = place.from;
  const ByteRange where{from.offset, from.length};
  const auto walked = directory.entries.size();
  // Classic records count modulo 65536 where a writer does not know zip64.
  const bool wrapped = !place.zip64 && from.count == (walked & 0xffffU) && walked > 0xffff;
  if (from.count != walked && !wrapped) {
    log.add(zip_rules::k_count, where, "the end record counts " + counted(from.count, "entry", "entries") + ", which torch goes by; the directory holds " +
                                           std::to_string(walked) + ", which zipfile goes by");
  }
  if (from.size != directory.central.length) {
    log.add(zip_rules::k_directory_size, where,
            "the end record gives the directory " + counted(from.size, "byte", "bytes") + ", which zipfile goes by; its records take " +
                std::to_string(directory.central.length));
  }
}

}  // namespace

void read_central_directory(const bytes::Source& source, const DirectoryPlace& place, const ZipLimits& limits,
                            ZipDirectory& directory, FindingLog& log) {
  Cursor in(source, ByteRange{place.offset, place.limit - place.offset});
  directory.entries.reserve(static_cast<std::size_t>(std::min({place.from.count, in.remaining() / k_record_bytes, limits.entries})));
  walk(in, place, limits, directory, log);
  directory.central = {place.offset, in.offset() - place.offset};
  compare_with_end(place, directory, log);
}

}  // namespace upinspect::containers
