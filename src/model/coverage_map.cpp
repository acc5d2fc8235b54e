// SPDX-License-Identifier: Apache-2.0
#include "model/coverage_map.hpp"

#include <algorithm>
#include <tuple>

namespace upinspect::model {

namespace {

bool starts_earlier(const Region& a, const Region& b) {
  return std::tie(a.range.offset, b.range.length, a.label) < std::tie(b.range.offset, a.range.length, b.label);
}

Region cut_to(const Region& region, std::uint64_t begin, std::uint64_t end) {
  return Region{ByteRange{begin, end - begin}, region.kind, region.label};
}

void add_gap(Coverage& coverage, std::uint64_t begin, std::uint64_t end) {
  if (begin < end) {
    coverage.regions.push_back(Region{ByteRange{begin, end - begin}, RegionKind::gap, "not claimed"});
    coverage.gaps += end - begin;
  }
}

}  // namespace

/// Nothing may be thrown here: labels are given by destructors too.
bool CoverageMap::affords(std::string_view what) noexcept {
  constexpr std::uint64_t k_copies = 4;  // the list as it grows, and the map made of it
  const bool afforded = m_budget == nullptr || m_budget->take(k_copies * sizeof(Region) + what.size());
  m_dropped += afforded ? 0 : 1;
  return afforded;
}

void CoverageMap::label(ByteRange range, RegionKind kind, std::string_view what) {
  if (range.length > 0 && affords(what)) {
    m_regions.push_back(Region{range, kind, std::string(what)});
  }
}

void CoverageMap::add(const CoverageMap& other) {
  for (const auto& region : other.m_regions) {
    label(region.range, region.kind, region.label);
  }
}

Coverage CoverageMap::build(std::uint64_t size) const& { return CoverageMap(*this).build_from_own(size); }

Coverage CoverageMap::build(std::uint64_t size) && { return build_from_own(size); }

Coverage CoverageMap::build_from_own(std::uint64_t size) {
  auto sorted = std::move(m_regions);
  m_regions.clear();
  if (!std::is_sorted(sorted.begin(), sorted.end(), starts_earlier)) {
    std::stable_sort(sorted.begin(), sorted.end(), starts_earlier);
  }
  Coverage coverage;
  std::uint64_t covered = 0;
  std::uint64_t overlapped_to = 0;  // a byte that three labels claim overlaps once
  for (const auto& region : sorted) {
    const auto begin = std::min(region.range.offset, size);
    const auto end = begin + std::min(region.range.length, size - begin);
    if (begin == end) {
      continue;
    }
    if (begin < covered) {
      const auto shared_end = std::min(end, covered);
      coverage.overlaps.push_back(cut_to(region, begin, shared_end));
      coverage.overlapped += shared_end - std::min(shared_end, std::max(begin, overlapped_to));
      overlapped_to = std::max(overlapped_to, shared_end);
    }
    if (end > covered) {
      add_gap(coverage, covered, std::max(covered, begin));
      coverage.regions.push_back(cut_to(region, std::max(covered, begin), end));
      coverage.labelled += coverage.regions.back().range.length;
      covered = end;
    }
  }
  add_gap(coverage, covered, size);
  return coverage;
}

}  // namespace upinspect::model
