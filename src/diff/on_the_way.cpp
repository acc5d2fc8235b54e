// SPDX-License-Identifier: Apache-2.0
#include "diff/on_the_way.hpp"

#include "diff/change.hpp"
#include "diff/measure.hpp"

#include <algorithm>

namespace upinspect::diff {
namespace {

constexpr std::uint64_t k_large = std::uint64_t{4} << 20;

bool lies_at_one_place(const Pair& pair) {
  const auto old_range = pair.before.plain(pair.old_index);
  const auto new_range = pair.after.plain(pair.new_index);
  return old_range && new_range && *old_range == *new_range && same_form(pair.old_tensor(), pair.new_tensor());
}

}  // namespace

OnTheWay::OnTheWay(std::span<const Pair> pairs, std::uint64_t total) : m_groups(RawComparison::k_groups) {
  for (const auto& pair : pairs) {
    const auto large = std::max(k_large, total / RawComparison::k_groups);
    if (pair.new_tensor().bytes < large || !lies_at_one_place(pair)) {
      continue;
    }
    const auto range = *pair.after.plain(pair.new_index);
    const auto format = numeric::element_format(pair.new_tensor().dtype);
    const auto groups = range.length * RawComparison::k_groups / std::max<std::uint64_t>(total, 1) + 2;
    if (range.offset % format.width == 0 && range.end() <= total) {
      m_places.push_back({range, pair.new_index, format, static_cast<std::size_t>(k_kept_elements / groups)});
    }
  }
  std::sort(m_places.begin(), m_places.end(), [](const Place& a, const Place& b) { return a.range.offset < b.range.offset; });
  const auto overlap = [](const Place& a, const Place& b) { return a.range.end() > b.range.offset; };
  m_places.erase(std::unique(m_places.begin(), m_places.end(), overlap), m_places.end());
}

void OnTheWay::add(std::size_t group, std::uint64_t offset, std::span<const std::byte> before, std::span<const std::byte> after) {
  auto place = std::partition_point(m_places.begin(), m_places.end(), [offset](const Place& one) { return one.range.end() <= offset; });
  for (; place != m_places.end() && place->range.offset < offset + before.size(); ++place) {
    const auto begin = std::max(offset, place->range.offset);
    const auto length = static_cast<std::size_t>(std::min(offset + before.size(), place->range.end()) - begin);
    const auto index = (begin - place->range.offset) / place->format.width;
    auto& part = m_groups[group]
                     .try_emplace(static_cast<std::size_t>(place - m_places.begin()), place->format, units_at(*place), index, place->keep)
                     .first->second;
    part.go_on_at(index);
    part.add(before.subspan(static_cast<std::size_t>(begin - offset), length), after.subspan(static_cast<std::size_t>(begin - offset), length));
  }
}

std::optional<numeric::ElementDifference> OnTheWay::take(const Pair& pair) {
  const auto place = std::find_if(m_places.begin(), m_places.end(), [&pair](const Place& one) { return one.new_index == pair.new_index; });
  if (place == m_places.end()) {
    return std::nullopt;
  }
  numeric::ElementDifference whole(place->format, units_at(*place), 0, 0);
  const auto index = static_cast<std::size_t>(place - m_places.begin());
  std::size_t kept = 0;
  for (const auto& group : m_groups) {
    const auto part = group.find(index);
    kept += part == group.end() ? 0 : part->second.kept.size();
  }
  whole.kept.reserve(kept);
  for (auto& group : m_groups) {
    const auto part = group.find(index);
    if (part != group.end()) {
      whole.append(part->second);
      group.erase(part);
    }
  }
  whole.elements = units_at(*place);
  return whole;
}

}  // namespace upinspect::diff
