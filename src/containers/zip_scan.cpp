// SPDX-License-Identifier: Apache-2.0
#include "containers/zip_scan.hpp"

#include "bytes/cursor.hpp"

#include <algorithm>
#include <string>
#include <tuple>

namespace upinspect::containers {

namespace {

constexpr std::size_t k_block_bytes = std::size_t{1} << 20;
constexpr std::size_t k_signature_bytes = 4;

// Honest archives have fewer; a file of nothing but signatures must not fill the memory.
constexpr std::size_t k_most = std::size_t{1} << 20;

}  // namespace

ZipScan::ZipScan(const bytes::Source& source, std::uint64_t from, std::uint64_t most)
    : m_from(from), m_stopped_early(most < source.size() - std::min(from, source.size())) {
  scan(source, from, m_stopped_early ? from + most : source.size());
  std::sort(m_descriptors.begin(), m_descriptors.end(), [](const ScannedDescriptor& a, const ScannedDescriptor& b) {
    return std::tie(a.start, a.offset) < std::tie(b.start, b.offset);
  });
}

void ZipScan::scan(const bytes::Source& source, std::uint64_t from, std::uint64_t end) {
  std::string block;
  // Blocks share three bytes, so that no signature falls between two.
  for (auto at = from; at < end && end - at >= k_signature_bytes; at += block.size() - (k_signature_bytes - 1)) {
    block.resize(static_cast<std::size_t>(std::min<std::uint64_t>(k_block_bytes, end - at)));
    source.read_at(at, std::as_writable_bytes(std::span(block)));
    for (auto i = block.find("PK"); i != std::string::npos && i + k_signature_bytes <= block.size(); i = block.find("PK", i + 1)) {
      look(source, at + i, static_cast<unsigned char>(block[i + 2]) * 256U + static_cast<unsigned char>(block[i + 3]));
    }
  }
}

void ZipScan::look(const bytes::Source& source, std::uint64_t offset, unsigned kind) {
  const bool boundary = kind == 0x0304 || kind == 0x0102;
  if (boundary && m_boundaries.size() < k_most) {
    m_boundaries.push_back(offset);
  }
  if (kind == 0x0708 && m_descriptors.size() < k_most) {
    add_descriptor(source, offset);
  }
}

void ZipScan::add_descriptor(const bytes::Source& source, std::uint64_t offset) {
  bytes::Cursor in(source, ByteRange{offset, std::min<std::uint64_t>(24, source.size() - offset)});
  if (in.remaining() < 16) {
    return;
  }
  in.skip(4, "signature of the data descriptor");
  ScannedDescriptor narrow;
  narrow.offset = offset;
  narrow.length = 16;
  narrow.crc32 = in.le<std::uint32_t>("crc-32");
  narrow.packed = in.le<std::uint32_t>("packed size");
  narrow.unpacked = in.le<std::uint32_t>("unpacked size");
  auto wide = narrow;
  if (in.remaining() == 8) {
    wide.length = 24;
    wide.packed = narrow.packed | narrow.unpacked << 32U;
    wide.unpacked = in.le<std::uint64_t>("unpacked size");
  }
  // Read as the narrow form, a wide one says that some bytes unpack to none.
  const bool is_wide = wide.length == 24 && narrow.packed != 0 && narrow.unpacked == 0;
  auto& found = is_wide ? wide : narrow;
  if (found.packed <= offset - m_from) {
    found.start = offset - found.packed;
    m_descriptors.push_back(found);
  }
}

std::optional<ScannedDescriptor> ZipScan::descriptor_for(std::uint64_t start) const {
  const auto found = std::lower_bound(m_descriptors.begin(), m_descriptors.end(), start,
                                      [](const ScannedDescriptor& a, std::uint64_t wanted) { return a.start < wanted; });
  return found == m_descriptors.end() || found->start != start ? std::nullopt : std::optional(*found);
}

std::optional<std::uint64_t> ZipScan::boundary_after(std::uint64_t offset) const {
  const auto found = std::lower_bound(m_boundaries.begin(), m_boundaries.end(), offset);
  return found == m_boundaries.end() ? std::nullopt : std::optional(*found);
}

}  // namespace upinspect::containers
