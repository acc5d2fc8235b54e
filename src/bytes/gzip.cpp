// SPDX-License-Identifier: Apache-2.0
// gzip   = member { member } zeros
// member = 1f 8b 08 flags time[4] extra-flags system [ extra ] [ name ] [ comment ] [ crc16 ] deflate crc32 size   (RFC 1952)
#include "bytes/gzip.hpp"

#include "bytes/digest.hpp"

#include <algorithm>
#include <span>

namespace upinspect::bytes {

namespace {

enum GzipFlag : std::uint8_t { k_flag_crc = 2, k_flag_extra = 4, k_flag_name = 8, k_flag_comment = 16, k_flags_reserved = 0xe0 };

constexpr std::uint64_t k_trailer_bytes = 8;
constexpr std::uint64_t k_zlib_header_bytes = 2;
constexpr std::uint64_t k_longest_name = 64 * 1024;

std::string text_to_zero(Cursor& in, std::string_view field) {
  std::string out;
  for (auto byte = in.le<std::uint8_t>(field); byte != 0; byte = in.le<std::uint8_t>(field)) {
    if (out.size() == k_longest_name) {
      in.fail(field, "is longer than 64 KiB");
    }
    out.push_back(static_cast<char>(byte));
  }
  return out;
}

bool another_begins(const Source& source, ByteRange packed, std::uint64_t at) {
  Cursor in(source, ByteRange{at, packed.end() - at});
  return in.remaining() > k_trailer_bytes && in.be<std::uint16_t>("magic") == 0x1f8b;
}

bool only_zeros(const Source& source, std::uint64_t from, std::uint64_t end) {
  constexpr std::uint64_t k_stretch = 4096;
  Cursor in(source, ByteRange{from, end - from});
  while (!in.at_end()) {
    const auto piece = in.bytes(std::min(in.remaining(), k_stretch), "padding");
    if (std::any_of(piece.begin(), piece.end(), [](std::byte b) { return b != std::byte{0}; })) {
      return false;
    }
  }
  return true;
}

/// Adds one member to `out`; its problem is set where it is not whole.
void add_gzip_member(const Source& source, ByteRange packed, std::uint64_t cap, PartlyUnpacked& out) {
  Cursor in(source, ByteRange{out.end, packed.end() - out.end});
  read_gzip_header(in);
  auto member = unpack_partly(source, ByteRange{in.offset(), in.remaining()}, cap - out.data.size());
  out.data.insert(out.data.end(), member.data.begin(), member.data.end());
  out.problem = std::move(member.problem);
  out.end = member.end;
  if (!out.problem.empty()) {
    return;
  }
  Cursor trailer(source, ByteRange{out.end, packed.end() - out.end});
  const auto declared = trailer.le<std::uint32_t>("CRC-32");
  const auto size = trailer.le<std::uint32_t>("size");
  out.end = trailer.offset();
  if (declared != crc32(member.data) || size != static_cast<std::uint32_t>(member.data.size())) {
    out.problem = "does not have the CRC-32 and size that it declares";
  }
}

}  // namespace

std::string read_gzip_header(Cursor& in) {
  if (in.be<std::uint16_t>("magic") != 0x1f8b || in.le<std::uint8_t>("method") != 8) {
    in.fail("magic", "expected 1f 8b 08");
  }
  const auto flags = in.le<std::uint8_t>("flags");
  if ((flags & k_flags_reserved) != 0) {
    in.fail("flags", "a reserved flag is set");
  }
  in.skip(6, "time, extra flags and system");
  if ((flags & k_flag_extra) != 0) {
    const auto length = in.le<std::uint16_t>("length of the extra field");
    in.skip(length, "extra field");
  }
  std::string name = (flags & k_flag_name) != 0 ? text_to_zero(in, "file name") : std::string();
  if ((flags & k_flag_comment) != 0) {
    static_cast<void>(text_to_zero(in, "comment"));
  }
  if ((flags & k_flag_crc) != 0) {
    in.skip(2, "CRC-16 of the header");
  }
  return name;
}

PartlyUnpacked unpack_partly(const Source& source, ByteRange packed, std::uint64_t cap) {
  PartlyUnpacked out;
  const auto ended = unpack_to(source, packed, cap, [&out](std::span<const std::byte> block) { out.data.insert(out.data.end(), block.begin(), block.end()); });
  out.end = packed.offset + ended.packed_used;
  switch (ended.state) {
    case InflateState::finished: break;
    case InflateState::needs_more: out.problem = "is cut short"; break;
    case InflateState::corrupt: out.problem = "is damaged: " + ended.why; break;
    case InflateState::capped: out.problem = "unpacks to more than " + std::to_string(cap) + " bytes"; break;
  }
  return out;
}

PartlyUnpacked unpack_gzip(const Source& source, ByteRange packed, std::uint64_t cap) {
  PartlyUnpacked out;
  out.end = packed.offset;
  try {
    do {
      add_gzip_member(source, packed, cap, out);
    } while (out.problem.empty() && another_begins(source, packed, out.end));
    if (out.problem.empty() && !only_zeros(source, out.end, packed.end())) {
      out.problem = "is followed by " + std::to_string(packed.end() - out.end) + " bytes that are not gzip";
    }
  } catch (const ParseError& error) {
    out.problem = std::string("is damaged: ") + error.what();
  }
  return out;
}

PartlyUnpacked unpack_zlib(const Source& source, ByteRange packed, std::uint64_t cap) {
  if (packed.length < k_zlib_header_bytes) {
    return {{}, "is cut short", packed.end()};
  }
  auto out = unpack_partly(source, ByteRange{packed.offset + k_zlib_header_bytes, packed.length - k_zlib_header_bytes}, cap);
  constexpr std::uint64_t k_checksum_bytes = 4;
  if (out.problem.empty() && packed.end() - out.end > k_checksum_bytes) {
    out.problem = "is followed by " + std::to_string(packed.end() - out.end - k_checksum_bytes) + " bytes that are not zlib";
  }
  return out;
}

}  // namespace upinspect::bytes
