// SPDX-License-Identifier: Apache-2.0
#include "model/coverage_map.hpp"

#include <algorithm>
#include <span>

namespace upinspect::model {

namespace {

/// Of regions that cover the same bytes the label decides, by its text.
bool starts_earlier(const Region& a, const Region& b, const std::vector<Tensor>& tensors) {
  if (a.range.offset != b.range.offset) {
    return a.range.offset < b.range.offset;
  }
  return a.range.length != b.range.length ? a.range.length > b.range.length : label_of(a, tensors) < label_of(b, tensors);
}

/// Readers label in a few passes, each in order: these are merged as they are asked for.
class InOrder {
 public:
  InOrder(std::vector<Region>& regions, const std::vector<Tensor>& tensors) : m_tensors(tensors) {
    const auto earlier = [&tensors](const Region& a, const Region& b) { return starts_earlier(a, b, tensors); };
    for (auto start = regions.begin(); start != regions.end();) {
      const auto end = m_passes.size() < k_most_passes ? std::is_sorted_until(start, regions.end(), earlier) : start;
      if (end == start) {
        std::stable_sort(regions.begin(), regions.end(), earlier);
        m_passes.assign(1, std::span(regions));
        return;
      }
      m_passes.emplace_back(start, end);
      start = end;
    }
  }

  /// The next of all; nullptr where there is none left. Of equal ones that of the earlier pass.
  Region* next() {
    std::span<Region>* least = nullptr;
    for (auto& pass : m_passes) {
      if (!pass.empty() && (least == nullptr || starts_earlier(pass.front(), least->front(), m_tensors))) {
        least = &pass;
      }
    }
    if (least == nullptr) {
      return nullptr;
    }
    auto* const region = &least->front();
    *least = least->subspan(1);
    return region;
  }

 private:
  static constexpr std::size_t k_most_passes = 8;

  const std::vector<Tensor>& m_tensors;
  std::vector<std::span<Region>> m_passes;
};

Region cut_to(Region region, std::uint64_t begin, std::uint64_t end) {
  region.range = ByteRange{begin, end - begin};
  return region;
}

void add_gap(Coverage& coverage, std::uint64_t begin, std::uint64_t end) {
  if (begin < end) {
    coverage.regions.push_back(Region{ByteRange{begin, end - begin}, RegionKind::gap, CompactText::fixed("not claimed")});
    coverage.gaps += end - begin;
  }
}

}  // namespace

/// Nothing may be thrown here: labels are given by destructors too.
bool CoverageMap::affords(std::size_t text) noexcept {
  constexpr std::uint64_t k_copies = 4;  // the list as it grows, and the map made of it
  const bool afforded = m_budget == nullptr || m_budget->take(k_copies * sizeof(Region) + text);
  m_dropped += afforded ? 0 : 1;
  return afforded;
}

void CoverageMap::keep(ByteRange range, RegionKind kind, std::string_view what, std::string_view name) {
  if (range.length > 0 && affords(what.size() + name.size())) {
    m_regions.emplace_back(range, kind, CompactText::fixed(m_texts->add(what, name)));
  }
}

void CoverageMap::label(ByteRange range, RegionKind kind, std::string_view what) { keep(range, kind, what, {}); }

void CoverageMap::label_named(ByteRange range, RegionKind kind, std::string_view what, std::string_view name) {
  if (name.empty()) {
    keep(range, kind, std::string(what).append(1, ' '), {});
  } else {
    keep(range, kind, what, name);
  }
}

/// Where there is no memory for as many, each is paid for as it comes.
void CoverageMap::expect(std::size_t labels) {
  constexpr std::size_t k_most = std::size_t{1} << 20;
  m_regions.reserve(m_regions.size() + std::min(labels, k_most));
}

void CoverageMap::label_tensor(ByteRange range, std::size_t index) {
  if (range.length > 0 && affords(0)) {
    m_regions.emplace_back(range, RegionKind::tensor, static_cast<std::uint32_t>(index));
  }
}

void CoverageMap::add(const CoverageMap& other) {
  m_texts->keep(other.m_texts);
  m_regions.reserve(m_regions.size() + other.m_regions.size());
  for (const auto& region : other.m_regions) {
    if (affords(region.label.size())) {
      m_regions.push_back(region);
    }
  }
}

Coverage CoverageMap::build(std::uint64_t size, const std::vector<Tensor>& tensors) const& {
  return CoverageMap(*this).build_from_own(size, tensors);
}

Coverage CoverageMap::build(std::uint64_t size, const std::vector<Tensor>& tensors) && { return build_from_own(size, tensors); }

Coverage CoverageMap::build_from_own(std::uint64_t size, const std::vector<Tensor>& tensors) {
  auto labelled = std::move(m_regions);
  m_regions.clear();
  InOrder sorted(labelled, tensors);
  Coverage coverage;
  coverage.texts = m_texts;
  std::uint64_t covered = 0;
  std::uint64_t overlapped_to = 0;  // a byte that three labels claim overlaps once
  coverage.regions.reserve(labelled.size() + 1);
  while (auto* const region = sorted.next()) {
    const auto begin = std::min(region->range.offset, size);
    const auto end = begin + std::min(region->range.length, size - begin);
    if (begin == end) {
      continue;
    }
    if (begin < covered) {
      const auto shared_end = std::min(end, covered);
      coverage.overlaps.push_back(cut_to(*region, begin, shared_end));
      coverage.overlapped += shared_end - std::min(shared_end, std::max(begin, overlapped_to));
      overlapped_to = std::max(overlapped_to, shared_end);
    }
    if (end > covered) {
      add_gap(coverage, covered, std::max(covered, begin));
      coverage.regions.push_back(cut_to(std::move(*region), std::max(covered, begin), end));
      coverage.labelled += coverage.regions.back().range.length;
      covered = end;
    }
  }
  add_gap(coverage, covered, size);
  return coverage;
}

}  // namespace upinspect::model
