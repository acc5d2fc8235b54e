// SPDX-License-Identifier: Apache-2.0
#include "numeric/element_difference.hpp"

#include "numeric/kernels.hpp"
#include "numeric/load.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>

namespace upinspect::numeric {
namespace {

/// Stretches of this many bytes are first compared as a whole; most of a file with few changes goes no further.
constexpr std::size_t k_stretch = 4096;

/// How patterns of a type are ordered and what they are worth. This is any type; those below are the common ones, known to
/// the compiler.
template <typename Unsigned>
struct AnyNumbers {
  using Bits = Unsigned;
  const ElementFormat& format;

  [[nodiscard]] bool has_distance(Bits bits) const { return format.scale != Scale::opaque && is_finite(format, bits); }
  [[nodiscard]] std::uint64_t ordered(Bits bits) const { return format.ordered(bits); }
  [[nodiscard]] double value(Bits bits) const { return value_of(format, bits); }
};

template <typename Unsigned, unsigned fraction>
struct IeeeNumbers {
  using Bits = Unsigned;
  static constexpr auto k_sign = static_cast<Bits>(Bits{1} << (sizeof(Bits) * 8 - 1));
  static constexpr auto k_exponent = static_cast<Bits>((k_sign - 1U) >> fraction << fraction);

  [[nodiscard]] static bool has_distance(Bits bits) { return (bits & k_exponent) != k_exponent; }
  [[nodiscard]] static std::uint64_t ordered(Bits bits) {
    const auto negative = static_cast<Bits>(0U - (bits >> (sizeof(Bits) * 8 - 1)));
    return static_cast<Bits>(bits ^ (negative | k_sign));  // signs are as good as random: no branch
  }
  [[nodiscard]] static double value(Bits bits) {
    if constexpr (sizeof(Bits) == 8) {
      return std::bit_cast<double>(bits);
    } else if constexpr (sizeof(Bits) == 4) {
      return static_cast<double>(std::bit_cast<float>(bits));
    } else {
      return static_cast<double>(std::bit_cast<float>(std::uint32_t{bits} << 16));
    }
  }
};

using Double = IeeeNumbers<std::uint64_t, 52>;
using Single = IeeeNumbers<std::uint32_t, 23>;
using Brain = IeeeNumbers<std::uint16_t, 7>;

/// With fewer elements a block costs more than it spares.
constexpr std::size_t k_few_elements = 128;

bool is_ieee(const ElementFormat& format, unsigned fraction) {
  return format.scale == Scale::floating && format.layout.specials == Specials::ieee && format.layout.fraction_bits == fraction;
}

bool goes_by_blocks(const ElementFormat& format) {
  return (format.width == 4 && is_ieee(format, 23)) || (format.width == 2 && (is_ieee(format, 7) || is_ieee(format, 10)));
}

/// A side of a block whose elements are narrower, on another kind of host, or too few.
struct Side {
  std::array<std::uint32_t, k_block_elements> patterns;
  std::array<float, k_block_elements> values;

  /// Little-endian elements, and zeros behind them.
  void fill(const ElementFormat& format, std::span<const std::byte> bytes) {
    const auto count = bytes.size() / format.width;
    if (format.width == 4) {
      for (std::size_t i = 0; i < count; ++i) {
        patterns[i] = load_le<std::uint32_t>(bytes.data() + 4 * i);
      }
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        patterns[i] = std::uint32_t{load_le<std::uint16_t>(bytes.data() + 2 * i)} << 16U;
      }
    }
    std::fill(patterns.begin() + static_cast<std::ptrdiff_t>(count), patterns.end(), 0U);
    if (format.layout.fraction_bits == 10) {
      widen(bytes.first(2 * count));
    }
  }

  void widen(std::span<const std::byte> halves) {
    std::array<std::byte, 4 * k_block_elements> widened{};
    kernels().widen_f16(halves, widened.data());
    for (std::size_t i = 0; i < k_block_elements; ++i) {
      values[i] = load_le<float>(widened.data() + 4 * i);
    }
  }
};

template <typename Element>
const std::byte* bytes_of(const std::array<Element, k_block_elements>& side) {
  return reinterpret_cast<const std::byte*>(side.data());
}

std::uint64_t count_differing(const FloatBlock& block, std::size_t begin, std::size_t end) {
  std::uint64_t count = 0;
  for (auto i = begin; i < end; ++i) {
    count += word(block.before, i) != word(block.after, i) ? 1U : 0U;
  }
  return count;
}

FloatBlock empty_block(const ElementFormat& format) {
  FloatBlock block;
  block.shift = format.width == 4 ? 0 : 16;
  block.exponent = (format.layout.fraction_bits == 10 ? 0x1fU : 0xffU) << (block.shift + format.layout.fraction_bits);
  return block;
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

ElementDifference::ElementDifference(const ElementFormat& of, std::uint64_t total, std::uint64_t from, std::size_t keep)
    : format(of), distances(k_distance_bins, 0), m_total(total), m_next(from), m_keep(keep) {}

void ElementDifference::add(std::span<const std::byte> before, std::span<const std::byte> after) {
  if (goes_by_blocks(format) && before.size() > k_few_elements * format.width) {
    compare_blocks(before, after);
    return;
  }
  for (std::size_t at = 0; at < before.size(); at += k_stretch) {
    const auto length = std::min(k_stretch, before.size() - at);
    const auto old_part = before.subspan(at, length);
    const auto new_part = after.subspan(at, length);
    if (std::memcmp(old_part.data(), new_part.data(), length) == 0) {
      skip(length / format.width);
    } else {
      compare(old_part, new_part);
    }
  }
}

void ElementDifference::compare_blocks(std::span<const std::byte> before, std::span<const std::byte> after) {
  const auto& kernel = difference_kernel();
  const bool half = format.layout.fraction_bits == 10;
  auto block = empty_block(format);
  Side old_side;
  Side new_side;
  DifferenceTally tally;
  std::size_t blocks = 0;
  for (std::size_t at = 0; at < before.size(); at += k_block_elements * format.width) {
    const auto length = std::min<std::size_t>(k_block_elements * format.width, before.size() - at);
    const auto old_part = before.subspan(at, length);
    const auto new_part = after.subspan(at, length);
    const auto count = length / format.width;
    if (std::memcmp(old_part.data(), new_part.data(), length) == 0) {
      skip(count);
      continue;
    }
    if (std::endian::native == std::endian::little && format.width == 4 && count == k_block_elements) {
      block.before = old_part.data();
      block.after = new_part.data();
    } else {
      old_side.fill(format, old_part);
      new_side.fill(format, new_part);
      block.before = bytes_of(old_side.patterns);
      block.after = bytes_of(new_side.patterns);
    }
    block.old_values = half ? bytes_of(old_side.values) : block.before;
    block.new_values = half ? bytes_of(new_side.values) : block.after;
    const auto differing = tally.changed;
    kernel.compare(block, tally);
    note_block(block, count, tally.changed - differing);
    if (++blocks % k_tally_blocks == 0) {
      settle(tally);
      tally = {};
    }
  }
  if (blocks % k_tally_blocks != 0) {
    settle(tally);
  }
}

/// Adds what a tally holds to the sums; what note_block() counts is not among it.
void ElementDifference::settle(DifferenceTally& tally) {
  flipped_bits |= tally.flipped;
  not_finite += tally.not_finite;
  carries += tally.carries;
  single_bit += tally.single_bit;
  rises += tally.rises;
  greatest_distance = std::max<std::uint64_t>(greatest_distance, tally.greatest);
  apart += tally.apart >> (format.width == 4 ? 0U : 16U);
  exclusive ^= tally.exclusive;
  distance_sum += static_cast<double>(tally.distance_sum);
  absolute_sum += tally.absolute_sum;
  absolute_max = std::max(absolute_max, tally.absolute_max);
  for (const auto& bins : tally.bins) {
    std::transform(bins.begin() + 1, bins.end(), distances.begin() + 1, distances.begin() + 1, std::plus<>());
  }
  for (std::size_t plane = 0; plane < k_count_planes; ++plane) {
    for (unsigned bit = 0; bit < 32; ++bit) {
      std::uint32_t count = 0;
      for (const auto word : tally.planes[plane]) {
        count += (word >> bit) & 1U;
      }
      m_bits[bit] += std::uint64_t{count} << plane;
    }
  }
}

/// Where the `differing` elements of a block lie. Once every element can be one of them they are only counted, place by place.
void ElementDifference::note_block(const FloatBlock& block, std::size_t count, std::uint64_t differing) {
  for (std::size_t at = 0; at < count;) {
    if (step != 1 || kept.size() < m_keep) {
      note_one_by_one(block, count, at);
      continue;
    }
    if (m_next + at >= m_place_end) {
      place(m_next + at);
    }
    const auto end = static_cast<std::size_t>(std::min<std::uint64_t>(count, m_place_end - m_next));
    const auto here = at == 0 && end == count ? differing : count_differing(block, at, end);
    places[m_place] += here;
    changed += here;
    for (auto i = end; here != 0; --i) {
      if (word(block.before, i - 1) != word(block.after, i - 1)) {
        last = m_next + i - 1;
        break;
      }
    }
    at = end;
  }
  m_next += count;
  elements += count;
}

void ElementDifference::note_one_by_one(const FloatBlock& block, std::size_t count, std::size_t& at) {
  for (; at < count && (step != 1 || kept.size() < m_keep); ++at) {
    const auto before = word(block.before, at);
    const auto after = word(block.after, at);
    if (before != after) {
      note(m_next + at, before >> block.shift, after >> block.shift);
    }
  }
}

void ElementDifference::compare(std::span<const std::byte> before, std::span<const std::byte> after) {
  if (format.width == 4 && is_ieee(format, 23)) {
    compare_as(Single{}, before, after);
  } else if (format.width == 2 && is_ieee(format, 7)) {
    compare_as(Brain{}, before, after);
  } else if (format.width == 8 && is_ieee(format, 52)) {
    compare_as(Double{}, before, after);
  } else {
    switch (format.width) {
      case 1: compare_as(AnyNumbers<std::uint8_t>{format}, before, after); break;
      case 2: compare_as(AnyNumbers<std::uint16_t>{format}, before, after); break;
      case 4: compare_as(AnyNumbers<std::uint32_t>{format}, before, after); break;
      default: compare_as(AnyNumbers<std::uint64_t>{format}, before, after); break;
    }
  }
}

/// Sums are kept in registers over a stretch; they are added up in the order of the elements all the same.
template <typename Numbers>
void ElementDifference::compare_as(const Numbers& numbers, std::span<const std::byte> before, std::span<const std::byte> after) {
  using Bits = typename Numbers::Bits;
  const auto count = before.size() / sizeof(Bits);
  Sums sums = *this;
  for (std::size_t i = 0; i < count; ++i) {
    const auto old_bits = load_le<Bits>(before.data() + i * sizeof(Bits));
    const auto new_bits = load_le<Bits>(after.data() + i * sizeof(Bits));
    if (old_bits == new_bits) {
      continue;
    }
    note(m_next + i, old_bits, new_bits);
    const auto flipped = static_cast<Bits>(old_bits ^ new_bits);
    for (unsigned plane = 0; plane < sizeof(Bits); ++plane) {
      ++m_planes[plane][static_cast<std::size_t>(flipped >> (8 * plane) & 0xffU)];
    }
    sums.flipped_bits |= flipped;
    sums.single_bit += (flipped & (flipped - 1U)) == 0 ? 1U : 0U;
    sums.apart += std::uint64_t{old_bits} - std::uint64_t{new_bits};
    sums.exclusive ^= flipped;
    if (!numbers.has_distance(old_bits) || !numbers.has_distance(new_bits)) {
      ++sums.not_finite;
      continue;
    }
    const auto x = numbers.ordered(old_bits);
    const auto y = numbers.ordered(new_bits);
    const auto rise = std::uint64_t{x < y};
    const auto distance = ((x - y) ^ (0 - rise)) + rise;
    ++distances[distance_bin(distance)];
    sums.greatest_distance = std::max(sums.greatest_distance, distance);
    sums.distance_sum += static_cast<double>(distance);
    // The highest flipped bit is above the highest bit of the distance.
    sums.carries += std::uint64_t{(flipped & ~distance) > distance};
    sums.rises += rise;
    const auto absolute = std::fabs(numbers.value(new_bits) - numbers.value(old_bits));
    sums.absolute_sum += absolute;
    sums.absolute_max = std::max(sums.absolute_max, absolute);
  }
  static_cast<Sums&>(*this) = sums;
  m_next += count;
  elements += count;
}

inline void ElementDifference::note(std::uint64_t index, std::uint64_t before, std::uint64_t after) {
  if (step != 1 && changed != 0) {
    step = std::gcd(step, index - last);
  }
  first = changed == 0 ? index : first;
  last = index;
  ++changed;
  if (index >= m_place_end) {
    place(index);
  }
  ++places[m_place];
  if (kept.size() < m_keep) {
    kept.push_back({index, before, after});
  }
}

/// The place of an index that is beyond the one at hand.
void ElementDifference::place(std::uint64_t index) {
  const auto share = static_cast<long double>(index) * k_places / static_cast<long double>(std::max<std::uint64_t>(m_total, 1));
  m_place = std::min(static_cast<std::size_t>(share), k_places - 1);
  m_place_end = static_cast<std::uint64_t>(static_cast<long double>(m_place + 1) * static_cast<long double>(m_total) / k_places);
  m_place_end = std::max(m_place_end, index + 1);
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
  apart += next.apart;
  exclusive ^= next.exclusive;
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
  std::transform(m_bits.begin(), m_bits.end(), next.m_bits.begin(), m_bits.begin(), std::plus<>());
  kept.insert(kept.end(), next.kept.begin(), next.kept.end());
}

std::vector<std::uint64_t> ElementDifference::bit_counts() const {
  std::vector<std::uint64_t> counts(format.bits(), 0);
  for (std::size_t bit = 0; bit < counts.size(); ++bit) {
    counts[bit] = bit < m_bits.size() ? m_bits[bit] : 0;
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
