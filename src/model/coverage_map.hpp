// SPDX-License-Identifier: Apache-2.0
// Collects the labels that readers give to bytes and turns them into a map that covers the whole file.
#pragma once

#include "bytes/cursor.hpp"
#include "model/budget.hpp"
#include "model/label_texts.hpp"
#include "upinspect/artifact.hpp"

#include <memory>
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
  void label_named(ByteRange range, RegionKind kind, std::string_view what, std::string_view name) override;
  void expect(std::size_t labels) override;

  /// Labels the elements of a tensor by its index in Artifact::tensors, whose name the label then needs not hold.
  void label_tensor(ByteRange range, std::size_t index);

  /// Takes over the labels of another map.
  void add(const CoverageMap& other);

  /// The map of a file of `size` bytes: what nobody claimed is a gap, what two claim is listed as an overlap and
  /// counted once. Of two claims on a byte the one that starts first keeps it. Claims past the end are cut. `tensors` are those
  /// that labels name by their index.
  [[nodiscard]] Coverage build(std::uint64_t size, const std::vector<Tensor>& tensors = {}) const&;
  /// The same, without a second copy of the labels.
  [[nodiscard]] Coverage build(std::uint64_t size, const std::vector<Tensor>& tensors = {}) &&;

  /// How many labels it holds, and how many there was no memory for.
  [[nodiscard]] std::size_t size() const noexcept { return m_regions.size(); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return m_dropped; }

 private:
  [[nodiscard]] bool affords(std::size_t text) noexcept;
  void keep(ByteRange range, RegionKind kind, std::string_view what, std::string_view name);
  [[nodiscard]] Coverage build_from_own(std::uint64_t size, const std::vector<Tensor>& tensors);

  Budget* m_budget = nullptr;
  std::uint64_t m_dropped = 0;
  std::vector<Region> m_regions;
  std::shared_ptr<LabelTexts> m_texts = std::make_shared<LabelTexts>();
};

}  // namespace upinspect::model
