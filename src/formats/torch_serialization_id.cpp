// SPDX-License-Identifier: Apache-2.0
// .data/serialization_id, which torch writes since 2.1: 40 decimal digits, of which the first half is a hash of the
// records' names (it depends on the C++ library that wrote it) and the second combines the records' CRC-32 in the order
// of their writing. No reader looks at it; an archive that was changed afterwards betrays itself by it.
#include "formats/torch_archive.hpp"

#include <fmt/format.h>

namespace upinspect::formats {

namespace {

constexpr std::size_t k_digits = 40;

/// c10::hash_combine, the 64 bits of it.
std::uint64_t combine(std::uint64_t seed, std::uint64_t value) {
  return seed ^ (value + 0x9e3779b9U + (seed << 6U) + (seed >> 2U));
}

}  // namespace

void TorchArchive::check_serialization_id() {
  const std::string name = ".data/serialization_id";
  const auto* entry = record(name);
  if (entry == nullptr || m_zip.directory().salvaged) {
    return;
  }
  const auto text = content(name);
  std::uint64_t combined = 0;
  for (const auto& other : m_zip.directory().entries) {
    combined = &other == entry ? combined : combine(combined, other.crc32);
  }
  const auto expected = fmt::format("{:020}", combined);
  if (text.size() != k_digits || text.substr(k_digits / 2) != expected) {
    m_builder.find("torch.serialization-id", Severity::warning,
                   name + ": the records' checksums combine to " + expected + ", which is not how it ends: the archive was "
                   "changed after torch wrote it", entry->data);
  }
}

}  // namespace upinspect::formats
