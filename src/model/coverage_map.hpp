// SPDX-License-Identifier: Apache-2.0
// Collects the labels that readers give to bytes and turns them into a map that covers the whole file.
#pragma once

#include "bytes/cursor.hpp"
#include "model/budget.hpp"
#include "upinspect/artifact.hpp"

#include <string_view>
#include <vector>

namespace upinspect::model {

class CoverageMap final : public bytes::LabelSink {
 public:
  CoverageMap() = default;
  /// Labels are paid from `budget`; where it is spent they are counted, not kept.
  explicit CoverageMap(Budget& budget) : m_budget(&budget) {}

  /// Empty ranges are dropped. Ranges may come in any order and may overlap.
  void label(ByteRange range, RegionKind kind, std::string_view what) override;

  /// Takes over the labels of another map.
  void add(const CoverageMap& other);

  /// The map of a file of `size` bytes: what nobody claimed is a gap, what two claim is listed as an overlap and
  /// counted once. Of two claims on a byte the one that starts first keeps it. Claims past the end are cut.
  [[nodiscard]] Coverage build(std::uint64_t size) const&;
  /// The same, without a second copy of the labels.
  [[nodiscard]] Coverage build(std::uint64_t size) &&;

  /// How many labels there was no memory for.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return m_dropped; }

 private:
  [[nodiscard]] bool affords(std::string_view what) noexcept;
  [[nodiscard]] Coverage build_from_own(std::uint64_t size);

  Budget* m_budget = nullptr;
  std::uint64_t m_dropped = 0;
  std::vector<Region> m_regions;
};

}  // namespace upinspect::model
