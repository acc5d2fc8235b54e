// SPDX-License-Identifier: Apache-2.0
#include "numeric/entropy.hpp"

#include "numeric/kernels.hpp"

#include <algorithm>
#include <bit>
#include <memory>

namespace upinspect::numeric {

namespace {

constexpr double k_log2_e = 1.4426950408889634074;

/// log2(1 + x) for |x| <= 0.42, from the series of the inverse hyperbolic tangent.
constexpr double log2_near_one(double x) {
  const double s = x / (2.0 + x);
  const double square = s * s;
  double sum = 0;
  for (int k = 25; k >= 1; k -= 2) {
    sum = sum * square + 1.0 / k;
  }
  return 2.0 * k_log2_e * s * sum;
}

// Counts below this come from a table: most bins of a small tensor.
constexpr unsigned k_table_bits = 11;
constexpr std::size_t k_table_size = std::size_t{1} << k_table_bits;

constexpr std::array<double, k_table_size> make_table() {
  std::array<double, k_table_size> table{};
  for (std::size_t count = 2; count < k_table_size; ++count) {
    double power = 1;
    int exponent = 0;
    while (static_cast<double>(count) > power * 1.42) {
      power *= 2;
      ++exponent;
    }
    const auto value = static_cast<double>(count);
    table[count] = value * (exponent + log2_near_one((value - power) / power));
  }
  return table;
}

constexpr auto k_table = make_table();

/// count = base * 2^shift * (1 + x) with the base's logarithm from the table and x < 2^-10.
double large_count_log2(std::uint64_t count) noexcept {
  const unsigned shift = static_cast<unsigned>(std::bit_width(count)) - k_table_bits;
  const auto base = static_cast<std::size_t>(count >> shift);
  const auto floor = static_cast<double>(std::uint64_t{base} << shift);
  const double x = static_cast<double>(count - (std::uint64_t{base} << shift)) / floor;
  const double series = x * (1.0 - x * (1.0 / 2 - x * (1.0 / 3 - x * (1.0 / 4 - x * (1.0 / 5 - x / 6)))));
  const double log2 = shift + k_table[base] / static_cast<double>(base) + k_log2_e * series;
  return static_cast<double>(count) * log2;
}

}  // namespace

double count_log2(std::uint64_t count) noexcept {
  return count < k_table_size ? k_table[static_cast<std::size_t>(count)] : large_count_log2(count);
}

double entropy_of_counts(const ByteCounts& counts) noexcept {
  // Eight sums side by side, joined in a fixed tree.
  std::array<double, 8> sums{};
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sums[i % sums.size()] += count_log2(counts[i]);
    total += counts[i];
  }
  if (total == 0) {
    return 0;
  }
  const double sum = ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
  const double bits = (count_log2(total) - sum) / static_cast<double>(total);
  return std::clamp(bits, 0.0, 8.0);
}

void count_bytes(std::span<const std::byte> bytes, ByteCounts& counts) {
  // One round stays below the range of the kernel's 32-bit counts.
  constexpr std::size_t k_round = std::size_t{1} << 30;
  const auto tables = std::make_unique<ByteTables>();
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), k_round));
    kernels().count_bytes(part, 1, *tables);
    for (auto& table : *tables) {
      for (std::size_t value = 0; value < table.size(); ++value) {
        counts[value] += table[value];
      }
      table.fill(0);
    }
    bytes = bytes.subspan(part.size());
  }
}

double entropy_of(std::span<const std::byte> bytes) {
  ByteCounts counts{};
  count_bytes(bytes, counts);
  return entropy_of_counts(counts);
}

}  // namespace upinspect::numeric
