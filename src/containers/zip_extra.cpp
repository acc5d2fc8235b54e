// SPDX-License-Identifier: Apache-2.0
#include "containers/zip_extra.hpp"

namespace upinspect::containers {

namespace {

constexpr std::uint32_t k_wide = 0xffffffff;

std::uint8_t kind_of(std::uint16_t id) {
  switch (id) {
    case k_zip64_extra_id: return k_extra_zip64;
    case k_alignment_extra_id: return k_extra_alignment;
    case 0x5455:  // "UT", Info-ZIP's times
    case 0x000a:  // NTFS times
      return k_extra_times;
    case 0x7875:  // "ux"
    case 0x7855:  // "Ux"
    case 0x5855:  // "UX"
      return k_extra_owner;
    case k_unicode_path_id: return k_extra_unicode_path;
    default: return k_extra_other;
  }
}

/// Reads the next eight bytes of a zip64 field into `value` where the header leaves it to the field.
void widen(bytes::Cursor& in, std::uint64_t end, std::uint64_t& value, bool& missing) {
  if (value != k_wide) {
    return;
  }
  if (end - in.offset() < 8) {
    missing = true;
    return;
  }
  value = in.le<std::uint64_t>("zip64 value");
}

void read_zip64(bytes::Cursor& in, std::uint64_t end, WideFields& wide) {
  wide.missing = false;
  widen(in, end, wide.unpacked, wide.missing);
  widen(in, end, wide.packed, wide.missing);
  widen(in, end, wide.header_offset, wide.missing);
  if (wide.disk == 0xffff && end - in.offset() >= 4) {
    wide.disk = in.le<std::uint32_t>("zip64 disk");
  }
}

void read_field(bytes::Cursor& in, std::uint16_t id, std::uint64_t end, ExtraFields& out, WideFields& wide) {
  const auto first_of_its_kind = (out.kinds & kind_of(id)) == 0;
  out.kinds |= kind_of(id);
  if (id == k_zip64_extra_id && first_of_its_kind) {
    read_zip64(in, end, wide);
  } else if (id == k_alignment_extra_id) {
    out.alignment = ByteRange{in.offset(), end - in.offset()};
  } else if (id == k_unicode_path_id && end - in.offset() > 5) {
    in.skip(5, "version and checksum of the Unicode path");
    out.unicode_path = in.text(end - in.offset(), "Unicode path");
  }
}

}  // namespace

ExtraFields read_extra_fields(bytes::Cursor& in, std::uint64_t length, WideFields& wide) {
  ExtraFields out;
  const auto end = in.offset() + length;
  wide.missing = wide.unpacked == k_wide || wide.packed == k_wide || wide.header_offset == k_wide;
  if (length == 0) {
    return out;
  }
  while (end - in.offset() >= 4) {
    const auto id = in.le<std::uint16_t>("extra field id");
    const auto size = in.le<std::uint16_t>("extra field length");
    if (size > end - in.offset()) {
      in.seek(in.offset() - 4, "extra field");
      break;
    }
    const auto field_end = in.offset() + size;
    read_field(in, id, field_end, out, wide);
    in.seek(field_end, "extra field");
  }
  out.unparsed = end - in.offset();
  in.seek(end, "extra fields");
  return out;
}

}  // namespace upinspect::containers
