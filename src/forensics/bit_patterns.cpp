// SPDX-License-Identifier: Apache-2.0
#include "forensics/bit_patterns.hpp"

#include "forensics/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>

namespace upinspect::forensics {
namespace {

constexpr unsigned k_pattern = 10;
constexpr std::size_t k_fewest_bytes = 256;

/// Of fewer bytes the statistic has a longer tail than chi-square: of 256 random ones two and a half times as much beyond 1e-5 (120,000 simulated).
constexpr std::size_t k_enough_bytes = 1024;
constexpr double k_longer_tail = 1.3863;   // ln 4
constexpr std::size_t k_window = 2048;
constexpr std::size_t k_times = 4;

using PatternCounts = std::array<std::uint32_t, std::size_t{1} << k_pattern>;

/// Patterns that begin in bytes `begin` to `end`; each reaches into the two bytes behind.
void count(Bytes bytes, std::size_t begin, std::size_t end, PatternCounts& counts) {
  end = std::min(end, bytes.size() - 2);
  for (auto at = begin; at < end; ++at) {
    const auto bits = octet(bytes[at]) | octet(bytes[at + 1]) << 8 | octet(bytes[at + 2]) << 16;
    for (unsigned bit = 0; bit < 8; ++bit) {
      ++counts[bits >> bit & (counts.size() - 1)];
    }
  }
}

double log_chance(const PatternCounts& counts) {
  constexpr auto k_half = std::tuple_size_v<PatternCounts> / 2;
  double all = 0;
  double of_ten = 0;
  double of_nine = 0;
  for (std::size_t low = 0; low < k_half; ++low) {
    const auto zero = static_cast<double>(counts[low]);
    const auto one = static_cast<double>(counts[low + k_half]);
    all += zero + one;
    of_ten += zero * zero + one * one;
    of_nine += (zero + one) * (zero + one);
  }
  const auto statistic = (of_ten * 2 - of_nine) * static_cast<double>(k_half) / all;
  return std::log(std::max(chi_square_tail(statistic, static_cast<double>(k_half)), 1e-300));
}

/// Windows of all sizes: four of one size that are side by side are one of the next.
class Windows {
 public:
  void add(const PatternCounts& counts, std::size_t end, std::size_t size = k_window, std::size_t level = 0) {
    if (level == m_levels.size()) {
      m_levels.emplace_back();
    }
    const auto log_p = log_chance(counts);
    auto& [best, sum, parts] = m_levels[level];
    best = log_p < best.log_p ? PatternWindow{end - size, end, log_p} : best;
    std::transform(sum.begin(), sum.end(), counts.begin(), sum.begin(), std::plus<>());
    if (++parts == k_times) {
      const auto whole = sum;
      sum = {};
      parts = 0;
      add(whole, end, size * k_times, level + 1);
    }
  }

  void append_to(std::vector<PatternWindow>& windows) const {
    for (const auto& level : m_levels) {
      windows.push_back(level.best);
    }
  }

 private:
  struct Level {
    PatternWindow best;
    PatternCounts sum{};
    std::size_t parts = 0;
  };

  std::vector<Level> m_levels;
};

}  // namespace

std::vector<PatternWindow> pattern_windows(Bytes bytes) {
  if (bytes.size() < k_fewest_bytes) {
    return {};
  }
  PatternCounts all{};
  Windows windows;
  for (std::size_t begin = 0; begin < bytes.size(); begin += k_window) {
    PatternCounts counts{};
    count(bytes, begin, begin + k_window, counts);
    std::transform(all.begin(), all.end(), counts.begin(), all.begin(), std::plus<>());
    if (begin + k_window <= bytes.size()) {
      windows.add(counts, begin + k_window);
    }
  }
  std::vector<PatternWindow> result{{0, bytes.size(), log_chance(all) + (bytes.size() < k_enough_bytes ? k_longer_tail : 0)}};
  windows.append_to(result);
  return result;
}

}  // namespace upinspect::forensics
