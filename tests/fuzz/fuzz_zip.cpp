// SPDX-License-Identifier: Apache-2.0
// The zip reader on any bytes: an entry's data lies inside the file, and unpacking keeps to its cap.
#include "bytes/parse_error.hpp"
#include "bytes/source.hpp"
#include "containers/zip.hpp"

#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

using namespace upinspect;

namespace {

constexpr std::uint64_t k_cap = std::uint64_t{1} << 20;

void check(const bytes::Source& source, const containers::ZipEntry& entry) {
  if (entry.data.offset > source.size() || entry.data.length > source.size() - entry.data.offset) {
    std::abort();
  }
  try {
    if (containers::why_unreadable(entry).empty() && containers::read_entry(source, entry, k_cap).data.size() > k_cap) {
      std::abort();
    }
  } catch (const bytes::ParseError&) {
    // Damaged or too long: said so, and nothing else happened.
  }
}

containers::ZipDirectory read(const bytes::Source& source, std::vector<Finding>& findings) {
  try {
    return containers::read_zip(source, nullptr, findings);
  } catch (const bytes::ParseError&) {
    return containers::salvage_zip(source, nullptr, findings);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes::MemorySource source(std::as_bytes(std::span(data, size)));
  std::vector<Finding> findings;
  try {
    for (const auto& entry : read(source, findings).entries) {
      check(source, entry);
    }
  } catch (const bytes::ParseError&) {
    // Not even a local header.
  }
  return 0;
}
