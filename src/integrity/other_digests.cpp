// SPDX-License-Identifier: Apache-2.0
#include "integrity/other_digests.hpp"

#include "bytes/cursor.hpp"
#include "bytes/digest.hpp"
#include "inspect/stated_hashes.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace upinspect::integrity {

namespace {

/// Adds all from `start` on to a digest, and ends it.
std::string digest_from(const bytes::Source& source, std::uint64_t start, bytes::CryptoDigest& digest) {
  constexpr std::uint64_t k_block = std::uint64_t{1} << 18;
  std::vector<std::byte> block(static_cast<std::size_t>(std::min(source.size(), k_block)));
  for (auto at = start; at < source.size(); at += block.size()) {
    const auto piece = std::span(block).first(static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), source.size() - at)));
    source.read_at(at, piece);
    digest.add(piece);
  }
  return digest.hex();
}

}  // namespace

std::string git_blob_of(const std::string& file) {
  const bytes::FileSource source(file);
  const auto header = "blob " + std::to_string(source.size()) + '\0';
  bytes::Sha1 digest;
  digest.add(std::as_bytes(std::span(header)));
  return digest_from(source, 0, digest);
}

std::string autov3_of(const std::string& file) {
  const bytes::FileSource source(file);
  if (source.size() < sizeof(std::uint64_t)) {
    return {};
  }
  const auto header = bytes::Cursor(source).le<std::uint64_t>("header length");
  bytes::Sha256 digest;
  return digest_from(source, inspecting::autov3_start(header, source.size()), digest);
}

}  // namespace upinspect::integrity
