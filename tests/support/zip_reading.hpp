// SPDX-License-Identifier: Apache-2.0
// A zip archive read from memory, with its findings and its map.
#pragma once

#include "containers/zip.hpp"
#include "support/container_reading.hpp"
#include "support/zip_builder.hpp"

namespace upinspect::test {

struct ZipReading {
  containers::ZipDirectory directory;
  std::vector<Finding> findings;
  Coverage coverage;

  [[nodiscard]] std::vector<std::string> ids() const { return ids_of(findings); }
  [[nodiscard]] std::string message(std::string_view id) const { return message_of(findings, id); }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : directory.entries) {
      out.push_back(entry.name);
    }
    return out;
  }
};

inline ZipReading read_archive(const std::string& file, const containers::ZipLimits& limits = {}) {
  const bytes::MemorySource source(raw(file));
  ZipReading out;
  model::CoverageMap labels;
  out.directory = containers::read_zip(source, &labels, out.findings, limits);
  containers::label_payload(out.directory, labels);
  out.coverage = labels.build(file.size());
  return out;
}

inline ZipReading salvage_archive(const std::string& file, const containers::ZipLimits& limits = {}) {
  const bytes::MemorySource source(raw(file));
  ZipReading out;
  model::CoverageMap labels;
  out.directory = containers::salvage_zip(source, &labels, out.findings, limits);
  containers::label_payload(out.directory, labels);
  out.coverage = labels.build(file.size());
  return out;
}

/// The content of an entry of `file`.
inline std::string content_of(const std::string& file, const containers::ZipEntry& entry, std::uint64_t cap = 1 << 20) {
  const bytes::MemorySource source(raw(file));
  return text_of(containers::read_entry(source, entry, cap).data);
}

}  // namespace upinspect::test
