// SPDX-License-Identifier: Apache-2.0
#include "containers/zip_checks.hpp"

#include "containers/unsafe_name.hpp"
#include "containers/zip_rules.hpp"

namespace upinspect::containers {

std::string method_name(std::uint16_t method) {
  switch (method) {
    case k_zip_stored: return "stored";
    case k_zip_deflated: return "deflate";
    case 9: return "deflate64";
    case 12: return "bzip2";
    case 14: return "lzma";
    case 93: return "zstandard";
    case 95: return "xz";
    case 99: return "AES encryption";
    default: return "method " + std::to_string(method);
  }
}

namespace {

ByteRange at(const ZipEntry& entry) { return {entry.central_offset, 0}; }

void check_attributes(const ZipEntry& entry, FindingLog& log) {
  constexpr std::uint32_t k_type_of_file = 0xf000;
  constexpr std::uint32_t k_link = 0xa000;
  // The upper half holds a Unix mode; some writers fill it whatever system they claim to be.
  if (((entry.external_attributes >> 16U) & k_type_of_file) == k_link) {
    log.add(zip_rules::k_symlink, at(entry), [&] { return quoted(entry.name) + " is a symbolic link"; });
  }
  if (entry.looks_like_directory() && (entry.packed_size != 0 || entry.unpacked_size != 0)) {
    log.add(zip_rules::k_directory_data, at(entry), [&] {
      return quoted(entry.name) + " is marked as a directory and has " + std::to_string(entry.unpacked_size) +
             " bytes: torch then reads uninitialised memory in their place, zipfile reads them";
    });
  }
}

void check_flags(const ZipEntry& entry, FindingLog& log) {
  if (entry.encrypted()) {
    log.add(zip_rules::k_encrypted, at(entry), [&] {
      return quoted(entry.name) + " is marked as encrypted: torch and zipfile refuse it, scanners may pass over it";
    });
  }
  if ((entry.flags & 0x2000U) != 0) {
    log.add(zip_rules::k_masked, at(entry), [&] {
      return quoted(entry.name) + " is marked as having a masked local header (bit 13): torch refuses the archive, zipfile ignores the mark";
    });
  }
  if (entry.disk != 0) {
    log.add(zip_rules::k_disks, at(entry),
            [&] { return quoted(entry.name) + " is said to lie on disk " + std::to_string(entry.disk); });
  }
}

void check_method(const ZipEntry& entry, FindingLog& log) {
  if (entry.method == k_zip_stored || entry.method == k_zip_deflated) {
    return;
  }
  log.add(zip_rules::k_method, at(entry), [&] {
    return quoted(entry.name) + " is packed with " + method_name(entry.method) +
           (entry.method == 12 || entry.method == 14 ? ", which Python's zipfile reads and torch does not"
                                                     : ", which neither torch nor Python's zipfile reads");
  });
}

void check_sizes(const ZipEntry& entry, FindingLog& log) {
  if (entry.method == k_zip_stored && entry.packed_size != entry.unpacked_size && !entry.encrypted()) {
    log.add(zip_rules::k_stored_size, at(entry), [&] {
      return quoted(entry.name) + " is stored as it is, but " + std::to_string(entry.packed_size) + " bytes packed and " +
             std::to_string(entry.unpacked_size) + " unpacked: torch refuses the archive, zipfile reads " +
             std::to_string(entry.packed_size);
    });
  }
  if (entry.method == k_zip_deflated && bytes::impossible_ratio(entry.packed_size, entry.unpacked_size)) {
    log.add(zip_rules::k_ratio, at(entry), [&] {
      return quoted(entry.name) + " claims that " + std::to_string(entry.packed_size) + " bytes unpack to " +
             std::to_string(entry.unpacked_size) + "; deflate holds at most 1032 times its size";
    });
  }
  if (!entry.size_known) {
    log.add(zip_rules::k_entry_cut, entry.data, [&] {
      return "the data of " + quoted(entry.name) + " has no known end; " + counted(entry.data.length, "byte is", "bytes are") +
             " there at most";
    });
  } else if (entry.cut) {
    log.add(zip_rules::k_entry_cut, entry.data, [&] {
      return "the data of " + quoted(entry.name) + " is " + std::to_string(entry.packed_size) + " bytes long; the file has " +
             std::to_string(entry.data.length) + " of them";
    });
  }
}

}  // namespace

void report_unsafe_name(const ZipEntry& entry, FindingLog& log) {
  log.add(zip_rules::k_unsafe_name, at(entry),
          [&] { return "the name " + quoted(entry.name) + " " + std::string(why_unsafe(entry.name)); });
}

void check_entry(const ZipEntry& entry, FindingLog& log) {
  check_attributes(entry, log);
  check_flags(entry, log);
  check_method(entry, log);
  check_sizes(entry, log);
  if (entry.comment_length != 0) {
    log.add(zip_rules::k_entry_comment, at(entry), [&] {
      return quoted(entry.name) + " has a comment of " + counted(entry.comment_length, "byte", "bytes");
    });
  }
}

}  // namespace upinspect::containers
