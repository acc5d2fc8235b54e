// SPDX-License-Identifier: Apache-2.0
// PNG (ISO 15948), gzip (RFC 1952), zlib (RFC 1950) and zip (APPNOTE 6.3): proven by their own checksums.
#include "bytes/digest.hpp"
#include "bytes/gzip.hpp"
#include "bytes/inflate.hpp"
#include "forensics/carve.hpp"
#include "forensics/little.hpp"

#include <zlib.h>

namespace upinspect::forensics {
namespace {

/// A bomb need not be unpacked whole to be one.
constexpr std::uint64_t k_most_unpacked = std::uint64_t{64} << 20;

struct Deflated {
  std::size_t packed = 0;
  std::uint64_t unpacked = 0;
  std::uint32_t crc = 0;
  std::uint32_t adler = 1;
};

std::optional<Deflated> inflate_at(Bytes bytes, std::size_t offset) {
  bytes::Inflater inflater(k_most_unpacked);
  bytes::Crc32 crc;
  Deflated deflated;
  auto adler = adler32(0, nullptr, 0);
  const auto state = inflater.push(bytes.subspan(offset), [&](std::span<const std::byte> block) {
    crc.add(block);
    for (const auto byte : block) {
      const auto letter = std::to_integer<unsigned char>(byte);
      adler = adler32(adler, &letter, 1);
    }
  });
  if (state != bytes::InflateState::finished) {
    return std::nullopt;
  }
  deflated.packed = static_cast<std::size_t>(inflater.consumed());
  deflated.unpacked = inflater.produced();
  deflated.crc = crc.value();
  deflated.adler = static_cast<std::uint32_t>(adler);
  return deflated;
}

Carved proven(std::string kind, std::string title, std::size_t length) {
  return {std::move(kind), std::move(title), PayloadEvidence::proven, length, 0, length};
}

/// Where the deflate data of a gzip member begins.
std::optional<std::size_t> gzip_body(Bytes bytes) {
  const bytes::MemorySource source(bytes);
  bytes::Cursor in(source);
  try {
    bytes::read_gzip_header(in);
  } catch (const bytes::ParseError&) {
    return std::nullopt;
  }
  return in.at_end() ? std::nullopt : std::optional(static_cast<std::size_t>(in.offset()));
}

/// The directory at the end, which must point back to a first entry at the front.
std::optional<std::size_t> zip_end(Bytes bytes) {
  for (std::size_t at = 4; at + 22 <= bytes.size(); ++at) {
    if (has_text(bytes, at, "PK\x05\x06")) {
      const auto size = little(bytes, at + 12, 4);
      const auto start = little(bytes, at + 16, 4);
      const auto comment = static_cast<std::size_t>(little(bytes, at + 20, 2));
      if (start + size == at && has_text(bytes, static_cast<std::size_t>(start), "PK\x01\x02") && comment <= bytes.size() - at - 22) {
        return at + 22 + comment;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Carved> carve_png(Bytes bytes) {
  if (!has_text(bytes, 0, "\x89PNG\r\n\x1a\n") || !has_text(bytes, 12, "IHDR")) {
    return std::nullopt;
  }
  std::size_t at = 8;
  while (bytes.size() - at >= 12) {
    const auto length = static_cast<std::size_t>(big(bytes, at, 4));
    if (length > bytes.size() - at - 12 || bytes::crc32(bytes.subspan(at + 4, length + 4)) != big(bytes, at + 8 + length, 4)) {
      break;
    }
    const bool ends = has_text(bytes, at + 4, "IEND");
    at += length + 12;
    if (ends) {
      return proven("png", "PNG image", at);
    }
  }
  return at > 8 ? std::optional(proven("png", "PNG image, cut short", bytes.size())) : std::nullopt;
}

std::optional<Carved> carve_gzip(Bytes bytes) {
  const auto body = gzip_body(bytes);
  const auto deflated = body ? inflate_at(bytes, *body) : std::nullopt;
  if (!deflated || deflated->unpacked == 0) {
    return std::nullopt;
  }
  const auto end = *body + deflated->packed;
  if (bytes.size() - end < 8 || little(bytes, end, 4) != deflated->crc || little(bytes, end + 4, 4) != (deflated->unpacked & 0xffffffff)) {
    return std::nullopt;
  }
  return proven("gzip", "gzip data", end + 8);
}

/// What holds nothing proves nothing: its checksum is zeros and a one, as pruned numbers have them by chance.
std::optional<Carved> carve_zlib(Bytes bytes) {
  const auto deflated = bytes.size() > 6 ? inflate_at(bytes, 2) : std::nullopt;
  if (!deflated || deflated->unpacked == 0) {
    return std::nullopt;
  }
  const auto end = 2 + deflated->packed;
  if (bytes.size() - end < 4 || big(bytes, end, 4) != deflated->adler) {
    return std::nullopt;
  }
  return proven("zlib", "zlib data", end + 4);
}

std::optional<Carved> carve_zip(Bytes bytes) {
  const auto name = static_cast<std::size_t>(little(bytes, 26, 2));
  if (bytes.size() < 52 || name == 0 || 30 + name > bytes.size()) {
    return std::nullopt;
  }
  const auto end = zip_end(bytes);
  return end ? std::optional(proven("zip", "zip archive", *end)) : std::nullopt;
}

}  // namespace upinspect::forensics
