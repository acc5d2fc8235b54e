// SPDX-License-Identifier: Apache-2.0
//
//   0 name 100 | 100 mode 8 | 108 uid 8 | 116 gid 8 | 124 size 12 | 136 mtime 12 | 148 checksum 8 | 156 type 1
//   157 link 100 | 257 magic 8 | 265 user 32 | 297 group 32 | 329 major 8 | 337 minor 8 | 345 prefix 155 | 500 zero
//
// Magic "ustar\0" "00" is POSIX, "ustar  \0" GNU (which keeps times and the pieces of sparse files where POSIX has the
// prefix), nothing v7. IEEE Std 1003.1, pax, "ustar Interchange Format"; GNU tar's manual, "Basic Tar Format".
#include "containers/tar_header.hpp"

#include <algorithm>

namespace upinspect::containers {

namespace {

std::string_view field_text(std::string_view field) { return field.substr(0, field.find('\0')); }

std::optional<std::int64_t> octal(std::string_view field) {
  auto text = field_text(field);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::int64_t value = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '7') {
    if (value > INT64_MAX >> 3) {
      return std::nullopt;
    }
    value = value * 8 + (text[0] - '0');
    text.remove_prefix(1);
  }
  return text.find_first_not_of(' ') == std::string_view::npos ? std::optional(value) : std::nullopt;
}

/// Two's complement, most significant byte first; the first bit only marks the form, the second is the sign.
std::optional<std::int64_t> base_256(std::string_view field) {
  const bool negative = (static_cast<unsigned char>(field[0]) & 0x40U) != 0;
  std::int64_t value = negative ? -1 : 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    auto byte = static_cast<unsigned char>(field[i]);
    if (i == 0) {
      byte = static_cast<unsigned char>(negative ? byte | 0x80U : byte & 0x3fU);
    }
    if (value > INT64_MAX >> 8 || value < INT64_MIN >> 8) {
      return std::nullopt;
    }
    value = value * 256 + byte;
  }
  return value;
}

}  // namespace

std::optional<std::int64_t> tar_number(std::string_view field) {
  const bool binary = !field.empty() && (static_cast<unsigned char>(field[0]) & 0x80U) != 0;
  return binary ? base_256(field) : octal(field);
}

TarChecksum tar_checksum(std::string_view block) {
  std::int64_t plain = 0;
  std::int64_t with_sign = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const char c = i >= 148 && i < 156 ? ' ' : block[i];
    plain += static_cast<unsigned char>(c);
    with_sign += static_cast<signed char>(c);
  }
  const auto stated = tar_number(block.substr(148, 8));
  if (stated == plain) {
    return TarChecksum::right;
  }
  return stated == with_sign ? TarChecksum::right_if_signed : TarChecksum::wrong;
}

TarHeader parse_tar_header(std::string_view block, std::uint64_t offset) {
  TarHeader out;
  out.offset = offset;
  out.checksum = tar_checksum(block);
  out.name = field_text(block.substr(0, 100));
  out.mode = tar_number(block.substr(100, 8));
  out.size = tar_number(block.substr(124, 12));
  out.modified = tar_number(block.substr(136, 12));
  out.type = block[156];
  out.link = field_text(block.substr(157, 100));
  const auto magic = block.substr(257, 8);
  if (magic.substr(0, 6) == std::string_view("ustar\0", 6)) {
    out.dialect = TarDialect::ustar;
    const auto prefix = field_text(block.substr(345, 155));
    if (!prefix.empty()) {
      out.name = std::string(prefix) + "/" + out.name;
    }
  } else if (magic == std::string_view("ustar  \0", 8)) {
    out.dialect = TarDialect::gnu;
  }
  out.sparse_continues = out.type == 'S' && block[482] != '\0';
  return out;
}

bool all_zero(std::string_view block) noexcept { return block.find_first_not_of('\0') == std::string_view::npos; }

}  // namespace upinspect::containers
