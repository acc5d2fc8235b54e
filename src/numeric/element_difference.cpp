// SPDX-License-Identifier: Apache-2.0
#include "numeric/element_difference.hpp"

#include "numeric/load.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

namespace upinspect::numeric {
namespace {

/// Stretches of this many bytes are first compared as a whole; most of a file with few changes goes no further.
constexpr std::size_t k_stretch = 4096;

std::uint64_t distance_between(const ElementFormat& format, std::uint64_t a, std::uint64_t b) {
  const auto x = format.ordered(a);
  const auto y = format.ordered(b);
  return x < y ? y - x : x - y;
}

}  // namespace

std::uint64_t count_unequal(std::span<const std::byte> before, std::span<const std::byte> after) noexcept {
  std::uint64_t sum = 0;
  // Counts of eight bits, emptied before they can overflow, keep the loop in byte lanes.
  for (std::size_t start = 0; start < before.size(); start += 255 * 64) {
    const auto end = std::min(before.size(), start + 255 * 64);
    std::array<std::uint8_t, 64> lanes{};
    std::size_t i = start;
    for (; i + 64 <= end; i += 64) {
      for (std::size_t lane = 0; lane < 64; ++lane) {
        lanes[lane] = static_cast<std::uint8_t>(lanes[lane] + (before[i + lane] != after[i + lane] ? 1U : 0U));
      }
    }
    for (; i < end; ++i) {
      sum += before[i] != after[i] ? 1U : 0U;
    }
    sum = std::accumulate(lanes.begin(), lanes.end(), sum);
  }
  return sum;
}

Extent unequal_extent(std::span<const std::byte> before, std::span<const std::byte> after) noexcept {
  const auto [first, unused] = std::mismatch(before.begin(), before.end(), after.begin());
  const auto [last, unused_too] = std::mismatch(before.rbegin(), before.rend(), after.rbegin());
  return {static_cast<std::uint64_t>(first - before.begin()), static_cast<std::uint64_t>(before.rend() - last) - 1};
}

std::size_t distance_bin(std::uint64_t distance) noexcept {
  if (distance < 64) {
    return static_cast<std::size_t>(distance);
  }
  const auto octave = static_cast<unsigned>(std::bit_width(distance)) - 6;
  return (std::size_t{octave} + 1) * 32 + static_cast<std::size_t>((distance >> octave) - 32);
}

std::uint64_t bin_start(std::size_t bin) noexcept {
  if (bin < 64) {
    return bin;
  }
  return (std::uint64_t{32} + bin % 32) << (bin / 32 - 1);
}

ElementDifference::ElementDifference(const ElementFormat& of, std::uint64_t total, std::uint64_t from, std::size_t keep)
    : format(of), distances(k_distance_bins, 0), m_total(total), m_next(from), m_keep(keep) {}

void ElementDifference::add(std::span<const std::byte> before, std::span<const std::byte> after) {
  for (std::size_t at = 0; at < before.size(); at += k_stretch) {
    const auto length = std::min(k_stretch, before.size() - at);
    const auto old_part = before.subspan(at, length);
    const auto new_part = after.subspan(at, length);
    if (std::memcmp(old_part.data(), new_part.data(), length) == 0) {
      m_next += length / format.width;
      elements += length / format.width;
      continue;
    }
    switch (format.width) {
      case 1: compare<std::uint8_t>(old_part, new_part); break;
      case 2: compare<std::uint16_t>(old_part, new_part); break;
      case 4: compare<std::uint32_t>(old_part, new_part); break;
      default: compare<std::uint64_t>(old_part, new_part); break;
    }
  }
}

template <typename Bits>
void ElementDifference::compare(std::span<const std::byte> before, std::span<const std::byte> after) {
  const auto count = before.size() / sizeof(Bits);
  for (std::size_t i = 0; i < count; ++i) {
    const auto old_bits = load_le<Bits>(before.data() + i * sizeof(Bits));
    const auto new_bits = load_le<Bits>(after.data() + i * sizeof(Bits));
    if (old_bits != new_bits) {
      note(m_next + i, old_bits, new_bits);
    }
  }
  m_next += count;
  elements += count;
}

void ElementDifference::note(std::uint64_t index, std::uint64_t before, std::uint64_t after) {
  if (changed == 0) {
    first = index;
  } else {
    step = step == 1 ? 1 : std::gcd(step, index - last);
  }
  last = index;
  ++changed;
  const auto flipped = before ^ after;
  flipped_bits |= flipped;
  single_bit += std::has_single_bit(flipped) ? 1U : 0U;
  for (unsigned plane = 0; plane < format.width; ++plane) {
    ++m_planes[plane][(flipped >> (8 * plane)) & 0xff];
  }
  place(index);
  if (kept.size() < m_keep) {
    kept.push_back({index, before, after});
  }
  measure(before, after);
}

void ElementDifference::place(std::uint64_t index) {
  if (index >= m_place_end) {
    const auto share = static_cast<long double>(index) * k_places / static_cast<long double>(std::max<std::uint64_t>(m_total, 1));
    m_place = std::min(static_cast<std::size_t>(share), k_places - 1);
    m_place_end = static_cast<std::uint64_t>(static_cast<long double>(m_place + 1) * static_cast<long double>(m_total) / k_places);
    m_place_end = std::max(m_place_end, index + 1);
  }
  ++places[m_place];
}

void ElementDifference::measure(std::uint64_t before, std::uint64_t after) {
  if (format.scale == Scale::opaque || !is_finite(format, before) || !is_finite(format, after)) {
    ++not_finite;
    return;
  }
  const auto distance = distance_between(format, before, after);
  ++distances[distance_bin(distance)];
  greatest_distance = std::max(greatest_distance, distance);
  distance_sum += static_cast<double>(distance);
  carries += std::bit_width(before ^ after) > std::bit_width(distance) ? 1U : 0U;
  rises += format.ordered(after) > format.ordered(before) ? 1U : 0U;
  const auto absolute = std::fabs(value_of(format, after) - value_of(format, before));
  absolute_sum += absolute;
  absolute_max = std::max(absolute_max, absolute);
}

void ElementDifference::append(const ElementDifference& next) {
  elements += next.elements;
  if (next.changed == 0) {
    return;
  }
  if (changed == 0) {
    first = next.first;
    step = next.step;
  } else {
    step = std::gcd(std::gcd(step, next.step), next.first - last);
  }
  last = next.last;
  changed += next.changed;
  flipped_bits |= next.flipped_bits;
  not_finite += next.not_finite;
  carries += next.carries;
  single_bit += next.single_bit;
  rises += next.rises;
  greatest_distance = std::max(greatest_distance, next.greatest_distance);
  distance_sum += next.distance_sum;
  absolute_sum += next.absolute_sum;
  absolute_max = std::max(absolute_max, next.absolute_max);
  std::transform(places.begin(), places.end(), next.places.begin(), places.begin(), std::plus<>());
  std::transform(distances.begin(), distances.end(), next.distances.begin(), distances.begin(), std::plus<>());
  for (std::size_t plane = 0; plane < m_planes.size(); ++plane) {
    std::transform(m_planes[plane].begin(), m_planes[plane].end(), next.m_planes[plane].begin(), m_planes[plane].begin(),
                   std::plus<>());
  }
  kept.insert(kept.end(), next.kept.begin(), next.kept.end());
}

std::vector<std::uint64_t> ElementDifference::bit_counts() const {
  std::vector<std::uint64_t> counts(format.bits(), 0);
  for (std::size_t bit = 0; bit < counts.size(); ++bit) {
    for (std::size_t value = 0; value < 256; ++value) {
      counts[bit] += ((value >> (bit % 8)) & 1) != 0 ? m_planes[bit / 8][value] : 0;
    }
  }
  return counts;
}

std::optional<std::uint64_t> ElementDifference::median_distance() const {
  std::uint64_t before = 0;
  for (std::size_t bin = 0; bin < distances.size(); ++bin) {
    before += distances[bin];
    if (before * 2 >= measured() && before != 0) {
      return bin_start(bin);
    }
  }
  return std::nullopt;
}

}  // namespace upinspect::numeric
