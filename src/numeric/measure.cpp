// SPDX-License-Identifier: Apache-2.0
#include "numeric/measure.hpp"

#include "numeric/value_table.hpp"

#include <algorithm>
#include <functional>

namespace upinspect::numeric {

namespace {

Stats make_stats(DtypeKind kind, const Tally& tally, const Moments& moments) {
  Stats stats;
  if (moments.count() > 0) {
    const bool is_unsigned = kind == DtypeKind::unsigned_integer || kind == DtypeKind::boolean;
    const auto shown = is_unsigned ? DtypeKind::unsigned_integer : kind;
    stats.min = number_of_key(shown, tally.least);
    stats.max = number_of_key(shown, tally.greatest);
    stats.mean = moments.mean();
    stats.std = moments.std();
    stats.l2 = moments.l2();
  }
  stats.zeros = tally.zeros;
  stats.nans = tally.nans;
  stats.infs = tally.infs;
  stats.subnormals = tally.subnormals;
  return stats;
}

TableStats stats_of_nibbles(const ByteCounts& bytes) {
  std::array<std::uint64_t, 16> nibbles{};
  for (std::size_t value = 0; value < bytes.size(); ++value) {
    nibbles[value & 15] += bytes[value];
    nibbles[value >> 4] += bytes[value];
  }
  return stats_of_table(Dtype::f4, std::span<const std::uint64_t>(nibbles));
}

TableStats stats_of_bytes(Dtype dtype, const ByteCounts& bytes) {
  return dtype == Dtype::f4 ? stats_of_nibbles(bytes) : stats_of_table(dtype, std::span<const std::uint64_t>(bytes));
}

std::optional<Stats> conclude_stats(Counts& counts, std::span<const ByteCounts> planes, Moments moments) {
  const auto dtype = counts.dtype();
  auto tally = counts.tally();
  const auto take = [&](const TableStats& table) {
    tally.merge(table.tally);
    moments.add(table.moments);
  };
  if (method_of(dtype) == Method::none) {
    return std::nullopt;
  }
  if (method_of(dtype) == Method::table) {
    take(stats_of_bytes(dtype, planes[0]));
  } else if (planes.size() == 2) {
    if (const auto words = counts.words(); !words.empty()) {
      take(stats_of_table(dtype, words));
    } else if (const auto wide = counts.wide_words(); !wide.empty()) {
      take(stats_of_table(dtype, wide));
    }
  }
  return make_stats(info(dtype).kind, tally, moments);
}

/// The counts of set bits from the counts of bytes: the upper half of the table has the top bit; the halves together
/// are the table of the bits below.
void append_bit_ones(ByteCounts counts, std::vector<std::uint64_t>& ones) {
  std::array<std::uint64_t, 8> found{};
  for (std::size_t bit = 8; bit-- > 0;) {
    const std::size_t half = std::size_t{1} << bit;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < half; ++i) {
      sum += counts[half + i];
    }
    found[bit] = sum;
    for (std::size_t i = 0; i < half; ++i) {
      counts[i] += counts[half + i];
    }
  }
  ones.insert(ones.end(), found.begin(), found.end());
}

std::uint64_t element_count(Dtype dtype, std::uint64_t units) noexcept {
  const auto& row = info(dtype);
  if (row.block_bytes == 0) {
    return 0;
  }
  return units * unit_bytes(dtype) / row.block_bytes * row.block_elements;
}

Entropy conclude_entropy(Counts& counts, std::span<const ByteCounts> planes) {
  Entropy entropy;
  entropy.elements = element_count(counts.dtype(), counts.units());
  const auto& row = info(counts.dtype());
  if (row.block_elements != 1 || row.block_bytes != planes.size()) {
    entropy.byte = entropy_of_counts(planes[0]);
    return entropy;
  }
  ByteCounts all{};
  entropy.byte_planes.reserve(planes.size());
  entropy.bit_ones.reserve(planes.size() * 8);
  for (const auto& plane : planes) {
    std::transform(all.begin(), all.end(), plane.begin(), all.begin(), std::plus<>());
    entropy.byte_planes.push_back(entropy_of_counts(plane));
    append_bit_ones(plane, entropy.bit_ones);
  }
  entropy.byte = planes.size() == 1 ? entropy.byte_planes.front() : entropy_of_counts(all);
  return entropy;
}

bool is_constant(std::uint64_t units, std::span<const ByteCounts> planes) {
  return units > 0 && std::all_of(planes.begin(), planes.end(), [&](const ByteCounts& plane) {
           return std::find(plane.begin(), plane.end(), units) != plane.end();
         });
}

unsigned count_low_zero_bits(const Entropy& entropy) {
  if (entropy.elements == 0) {
    return 0;
  }
  const auto& ones = entropy.bit_ones;
  const auto first = std::find_if(ones.begin(), ones.end(), [](std::uint64_t count) { return count != 0; });
  return static_cast<unsigned>(first - ones.begin());
}

}  // namespace

ChunkSums measure_chunk(std::uint64_t index, std::span<const std::byte> chunk, Counts& counts, Scratch& scratch) {
  const auto dtype = counts.dtype();
  const bool has_words = unit_bytes(dtype) == 2 || dtype == Dtype::f32;
  if (index < k_table_chunk || !has_words) {
    counts.add_bytes(chunk);
  } else if (dtype == Dtype::f32 && chunk.size() >= sizeof(float)) {
    const double pivot = pivot_of_f32(chunk);
    if (const auto pass = counts.add_f32(chunk, pivot)) {
      return sum_chunk(chunk, pivot, *pass, counts.tally(), scratch);
    }
    counts.add_words(chunk);
  } else {
    counts.add_words(chunk);
    return {};
  }
  return method_of(dtype) == Method::chunks ? sum_chunk(dtype, chunk, counts.tally(), scratch) : ChunkSums{};
}

Result conclude(Counts& counts, const Moments& moments) {
  const auto planes = counts.gather();
  Result result;
  result.entropy = conclude_entropy(counts, planes);
  result.stats = conclude_stats(counts, planes, moments);
  result.low_zero_bits = count_low_zero_bits(result.entropy);
  result.constant = is_constant(counts.units(), planes);
  return result;
}

}  // namespace upinspect::numeric
