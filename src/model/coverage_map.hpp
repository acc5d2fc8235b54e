// SPDX-License-Identifier: Apache-2.0
// Collects the labels that readers give to bytes and turns them into a map that covers the whole file.
#pragma once

#include "bytes/cursor.hpp"
#include "upinspect/artifact.hpp"

#include <string_view>
#include <vector>

namespace upinspect::model {

class CoverageMap final : public bytes::LabelSink {
 public:
  /// Empty ranges are dropped. Ranges may come in any order and may overlap.
  void label(ByteRange range, RegionKind kind, std::string_view what) override;

  /// Takes over the labels of another map.
  void add(const CoverageMap& other) {
    m_regions.insert(m_regions.end(), other.m_regions.begin(), other.m_regions.end());
  }

  /// The map of a file of `size` bytes: what nobody claimed is a gap, what two claim is listed as an overlap and
  /// counted once. Of two claims on a byte the one that starts first keeps it. Claims past the end are cut.
  [[nodiscard]] Coverage build(std::uint64_t size) const;

 private:
  std::vector<Region> m_regions;
};

}  // namespace upinspect::model
