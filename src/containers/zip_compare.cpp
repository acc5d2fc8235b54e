// SPDX-License-Identifier: Apache-2.0
// Local header against directory, field by field: readers disagree on which of the two they believe.
#include "containers/zip_local.hpp"
#include "containers/zip_rules.hpp"

namespace upinspect::containers {

namespace {

constexpr std::uint16_t k_masked_flag = 0x2000;

/// Encryption, descriptor, strong encryption, UTF-8 names, masking. The rest are hints of the packer.
constexpr std::uint16_t k_flags_that_matter = 0x2849;

ByteRange at(const LocalHeader& header) { return {header.offset, header.length}; }

void compare_names(const ZipEntry& entry, const LocalHeader& header, FindingLog& log) {
  if (header.name != entry.name) {
    log.add(zip_rules::k_name_differs, at(header), [&] {
      return "the directory says " + quoted(entry.name) + ", which torch goes by; the local header says " +
             quoted(header.name) + ", which netron goes by; zipfile refuses the entry";
    });
  }
}

void compare_methods(const ZipEntry& entry, const LocalHeader& header, FindingLog& log) {
  if (header.method != entry.method) {
    log.add(zip_rules::k_method_differs, at(header), [&] {
      return quoted(entry.name) + " has method " + std::to_string(entry.method) + " in the directory, which torch and zipfile go by, and " +
             std::to_string(header.method) + " in its local header";
    });
  }
}

void compare_flags(const ZipEntry& entry, const LocalHeader& header, FindingLog& log) {
  if (((header.flags ^ entry.flags) & k_flags_that_matter) != 0) {
    log.add(zip_rules::k_flags_differ, at(header), [&] {
      return quoted(entry.name) + " has flags " + std::to_string(entry.flags) + " in the directory, which torch and zipfile go by, and " +
             std::to_string(header.flags) + " in its local header";
    });
  }
}

/// With a descriptor the local header may leave a value zero; so it must where it is masked.
bool left_out(const LocalHeader& header, std::uint64_t value) {
  return value == 0 && (header.flags & (k_descriptor_flag | k_masked_flag)) != 0;
}

void compare_sizes(const ZipEntry& entry, const LocalHeader& header, FindingLog& log) {
  const auto differs = [&header](std::uint64_t local, std::uint64_t central) {
    return local != central && !left_out(header, local);
  };
  if (differs(header.sizes.packed, entry.packed_size) || differs(header.sizes.unpacked, entry.unpacked_size)) {
    log.add(zip_rules::k_size_differs, at(header), [&] {
      return quoted(entry.name) + " is " + std::to_string(entry.packed_size) + " bytes packed and " +
             std::to_string(entry.unpacked_size) + " unpacked by the directory, which torch and zipfile go by, " +
             std::to_string(header.sizes.packed) + " and " + std::to_string(header.sizes.unpacked) + " by its local header";
    });
  }
}

void compare_checksums(const ZipEntry& entry, const LocalHeader& header, FindingLog& log) {
  if (header.crc32 != entry.crc32 && !left_out(header, header.crc32)) {
    log.add(zip_rules::k_crc_differs, at(header), [&] {
      return quoted(entry.name) + " has crc-32 " + std::to_string(entry.crc32) + " in the directory, which zipfile checks, and " +
             std::to_string(header.crc32) + " in its local header";
    });
  }
}

void check_local_extras(const ZipEntry& entry, const LocalHeader& header, FindingLog& log) {
  if (header.extra.unparsed != 0) {
    const auto end = header.offset + header.length;
    log.add(zip_rules::k_extra, {end - header.extra.unparsed, header.extra.unparsed}, [&] {
      return "the last " + counted(header.extra.unparsed, "byte", "bytes") + " of the extra fields in the local header of " +
             quoted(entry.name) + " are no field";
    });
  }
}

}  // namespace

void compare_headers(const ZipEntry& entry, const LocalHeader& header, FindingLog& log) {
  compare_names(entry, header, log);
  compare_methods(entry, header, log);
  compare_flags(entry, header, log);
  compare_sizes(entry, header, log);
  compare_checksums(entry, header, log);
  check_local_extras(entry, header, log);
}

}  // namespace upinspect::containers
