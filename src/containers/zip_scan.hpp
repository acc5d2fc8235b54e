// SPDX-License-Identifier: Apache-2.0
// One pass over a file for the signatures of zip records: how entries are told apart where no directory lists them.
#pragma once

#include "bytes/source.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace upinspect::containers {

/// A data descriptor whose packed size reaches back to `start`.
struct ScannedDescriptor {
  std::uint64_t start = 0;
  std::uint64_t offset = 0;
  std::uint64_t packed = 0;
  std::uint64_t unpacked = 0;
  std::uint32_t crc32 = 0;
  std::uint8_t length = 0;
};

class ZipScan {
 public:
  /// Reads from `from` on, at most `most` bytes.
  ZipScan(const bytes::Source& source, std::uint64_t from, std::uint64_t most);

  /// True where the source goes on behind what was read.
  [[nodiscard]] bool stopped_early() const noexcept { return m_stopped_early; }

  /// The first descriptor whose sizes say that its data begin at `start`.
  [[nodiscard]] std::optional<ScannedDescriptor> descriptor_for(std::uint64_t start) const;
  /// The first local header or directory record at or after `offset`.
  [[nodiscard]] std::optional<std::uint64_t> boundary_after(std::uint64_t offset) const;

 private:
  void scan(const bytes::Source& source, std::uint64_t from, std::uint64_t end);
  void look(const bytes::Source& source, std::uint64_t offset, unsigned kind);
  void add_descriptor(const bytes::Source& source, std::uint64_t offset);

  std::uint64_t m_from;
  bool m_stopped_early;
  std::vector<std::uint64_t> m_boundaries;
  std::vector<ScannedDescriptor> m_descriptors;
};

}  // namespace upinspect::containers
