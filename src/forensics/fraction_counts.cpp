// SPDX-License-Identifier: Apache-2.0
#include "forensics/fraction_counts.hpp"

#include "forensics/honest_planes.hpp"
#include "numeric/load.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

namespace upinspect::forensics {
namespace {

constexpr int k_below = 11;

std::uint32_t pattern_of(const ElementRun& run, std::size_t index) { return numeric::load_le<std::uint32_t>(run.bytes.data() + index * 4); }

}  // namespace

double octave_begin(std::size_t octave) noexcept { return std::ldexp(1.0, static_cast<int>(octave) - k_below); }

std::optional<int> first_exponent(const ElementRun& run) {
  double sum = 0;
  std::uint64_t counted = 0;
  for (std::size_t i = 0; i < run.count(); ++i) {
    if (is_normal_f32(pattern_of(run, i))) {
      const auto value = static_cast<double>(numeric::load_le<float>(run.bytes.data() + i * 4));
      sum += value * value;
      ++counted;
    }
  }
  return counted == 0 ? std::nullopt : std::optional(std::ilogb(std::sqrt(sum / static_cast<double>(counted))) + 127 - k_below);
}

void FractionCounts::add(const ElementRun& run) {
  const auto lowest = first_exponent(run);
  if (!lowest) {
    return;
  }
  m_cells.resize(k_octaves << k_bits);
  for (std::size_t i = 0; i < run.count(); ++i) {
    const auto pattern = pattern_of(run, i);
    const auto octave = static_cast<int>(pattern >> 23 & 0xffU) - *lowest;
    if (is_normal_f32(pattern) && octave >= 0 && octave < static_cast<int>(k_octaves)) {
      ++m_cells[static_cast<std::size_t>(octave) << k_bits | (pattern >> (23 - k_bits) & ((1U << k_bits) - 1))];
    }
  }
}

void FractionCounts::merge(const FractionCounts& other) {
  m_cells.resize(std::max(m_cells.size(), other.m_cells.size()));
  std::transform(other.m_cells.begin(), other.m_cells.end(), m_cells.begin(), m_cells.begin(), std::plus<>());
}

std::vector<std::uint64_t> FractionCounts::cells(unsigned bits) const {
  std::vector<std::uint64_t> sums(k_octaves << bits);
  for (std::size_t i = 0; i < m_cells.size(); ++i) {
    sums[i >> (k_bits - bits)] += m_cells[i];
  }
  return sums;
}

}  // namespace upinspect::forensics
