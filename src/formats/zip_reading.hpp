// SPDX-License-Identifier: Apache-2.0
// A zip archive's directory, read once for all who ask: sniffers look at its names, the reader replays the rest.
#pragma once

#include "containers/zip.hpp"
#include "model/builder.hpp"

#include <optional>
#include <string>
#include <vector>

namespace upinspect::formats {

/// The directory of the archive in a source, with the labels and findings that reading it gave. Where there is no
/// directory but the file begins as an archive does, the entries are salvaged from their local headers.
class ZipReading {
 public:
  explicit ZipReading(const bytes::Source& source, const InspectOptions& options);

  /// False where the source holds no archive at all.
  [[nodiscard]] bool found() const noexcept { return m_found; }
  /// True where the archive begins with the file.
  [[nodiscard]] bool at_start() const noexcept { return m_at_start; }
  [[nodiscard]] const containers::ZipDirectory& directory() const noexcept { return m_directory; }
  /// How many labels replay() gives.
  [[nodiscard]] std::size_t labels() const noexcept { return m_labels.size(); }
  /// What Python's zipfile takes for the directory, where that is another one.
  [[nodiscard]] std::optional<containers::ZipDirectory> other_directory(const bytes::Source& source) const;

  /// The part of the first entry's name up to and with its first slash; empty where it has none.
  [[nodiscard]] std::string prefix() const;
  /// True where there is an entry of this name behind the prefix, whatever its case: torch ignores that.
  [[nodiscard]] bool has(const std::string& name) const;

  /// Hands labels and findings to `builder`, and the checksum that each readable entry declares.
  void replay(model::Builder& builder) const;

 private:
  void read(const bytes::Source& source, Depth depth);
  void salvage(const bytes::Source& source, Depth depth);

  containers::ZipLimits m_limits;
  containers::ZipDirectory m_directory;
  model::CoverageMap m_labels;
  std::vector<Finding> m_findings;
  bool m_found = false;
  bool m_at_start = false;
};

/// Leaves the entry for the conductor to look into, or to say why that cannot be.
void claim_entry(model::Builder& builder, const containers::ZipEntry& entry);

/// Labels an entry's data, unless it shares its bytes with another entry (which is a finding of its own).
void label_entry(model::Builder& builder, const containers::ZipEntry& entry, RegionKind kind, const std::string& label);

/// True where the source begins with the magic of a zip's first entry.
[[nodiscard]] bool starts_as_zip(const bytes::Source& source);

/// True where the archive is a member of a tar archive, or a part of one: then it is not what the file is.
[[nodiscard]] bool is_in_tar(const ZipReading& zip, const bytes::Source& source);

}  // namespace upinspect::formats
