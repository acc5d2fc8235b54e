// SPDX-License-Identifier: Apache-2.0
// The tar reader on any bytes: members and labels lie inside the file, and are found again by their names.
#include "bytes/parse_error.hpp"
#include "bytes/source.hpp"
#include "containers/tar.hpp"
#include "model/coverage_map.hpp"

#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

using namespace upinspect;

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void check(const containers::TarArchive& archive, std::uint64_t size) {
  require(archive.end <= size);
  for (const auto& member : archive.members) {
    require(member.data.offset <= size && member.data.length <= size - member.data.offset);
    require(member.header_offset <= size && archive.find(member.name) != nullptr);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes::MemorySource source(std::as_bytes(std::span(data, size)));
  model::CoverageMap labels;
  std::vector<Finding> findings;
  try {
    const auto archive = containers::read_tar(source, &labels, findings);
    containers::label_payload(archive, labels);
    check(archive, size);
  } catch (const bytes::ParseError&) {
    // The first block is no header.
  }
  const auto coverage = labels.build(size);
  require(coverage.labelled + coverage.gaps == size);
  return 0;
}
