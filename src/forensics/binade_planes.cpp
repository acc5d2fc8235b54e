// SPDX-License-Identifier: Apache-2.0
#include "forensics/binade_planes.hpp"

#include "forensics/statistics.hpp"
#include "numeric/load.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace upinspect::forensics {
namespace {

constexpr std::uint64_t k_enough_numbers = 200;
constexpr unsigned k_first_top = 4;

/// The planes above must halve as they do where the density is a straight line within a binade, give or take a tenth, for it is not quite.
constexpr double k_curved = 0.1;
constexpr double k_as_steep = 1e-3;

/// So much of the highest plane no honest density leans.
constexpr double k_most_lean = 0.45;

/// Of even planes chance makes more in one file of 10,000.
constexpr double k_no_more_uneven = 1e-4;

/// Honest files pass it in three of 10,000 (docs/steganalysis.md).
constexpr double k_worth = 5.9;

bool is_normal_number(std::uint32_t pattern) {
  const auto exponent = pattern >> 23 & 0xffU;
  return exponent != 0 && exponent != 255;
}

std::uint32_t pattern_of(const ElementRun& run, std::size_t index) { return numeric::load_le<std::uint32_t>(run.bytes.data() + index * 4); }

/// The exponent of the root of the mean square.
int usual_exponent(const ElementRun& run) {
  double sum = 0;
  std::uint64_t counted = 0;
  for (std::size_t i = 0; i < run.count(); ++i) {
    if (is_normal_number(pattern_of(run, i))) {
      const auto value = static_cast<double>(numeric::load_le<float>(run.bytes.data() + i * 4));
      sum += value * value;
      ++counted;
    }
  }
  return counted == 0 ? 0 : std::ilogb(std::sqrt(sum / static_cast<double>(counted))) + 127;
}

double half_to(unsigned top) { return std::ldexp(1.0, 1 - static_cast<int>(top)); }

}  // namespace

void BinadePlanes::add(const ElementRun& run) {
  constexpr int k_below = 12;
  const auto usual = usual_exponent(run);
  for (std::size_t i = 0; i < run.count(); ++i) {
    const auto pattern = pattern_of(run, i);
    if (!is_normal_number(pattern)) {
      continue;
    }
    const auto size = std::clamp(static_cast<int>(pattern >> 23 & 0xffU) - usual + k_below, 0, static_cast<int>(k_sizes) - 1);
    auto& binade = m_binades[static_cast<std::size_t>(size)];
    ++binade.count;
    for (unsigned top = 1; top <= k_tops; ++top) {
      binade.ones[top - 1] += pattern >> (23 - top) & 1U;
    }
  }
}

void BinadePlanes::merge(const BinadePlanes& other) {
  for (std::size_t i = 0; i < m_binades.size(); ++i) {
    m_binades[i].count += other.m_binades[i].count;
    std::transform(other.m_binades[i].ones.begin(), other.m_binades[i].ones.end(), m_binades[i].ones.begin(), m_binades[i].ones.begin(), std::plus<>());
  }
}

/// How far the highest plane leans to zero, from the planes above `top`; nothing where they do not halve.
std::optional<double> BinadePlanes::slope(const Binade& binade, unsigned top) {
  double sum = 0;
  double weight = 0;
  for (unsigned above = 1; above < top; ++above) {
    sum += binade.lean(above) * half_to(above);
    weight += half_to(above) * half_to(above);
  }
  const auto slope = sum / weight;
  double statistic = 0;
  for (unsigned above = 1; above < top; ++above) {
    const auto expected = slope * half_to(above);
    const auto off = binade.lean(above) - expected;
    statistic += off * off / (0.25 / static_cast<double>(binade.count) + k_curved * k_curved * expected * expected);
  }
  const bool halves = chi_square_tail(statistic, top - 2) > k_as_steep && std::fabs(slope) < k_most_lean;
  return halves ? std::optional(slope) : std::nullopt;
}

double BinadePlanes::ratio_from(unsigned top) const {
  double sum = 0;
  for (const auto& binade : m_binades) {
    const auto steep = binade.count >= k_enough_numbers ? slope(binade, top) : std::nullopt;
    for (auto plane = top; steep && plane <= k_tops; ++plane) {
      const auto lean = *steep * half_to(plane);
      const auto ones = static_cast<double>(binade.ones[plane - 1]);
      sum += ones * std::log(0.5 / (0.5 - lean)) + (static_cast<double>(binade.count) - ones) * std::log(0.5 / (0.5 + lean));
    }
  }
  return sum;
}

bool BinadePlanes::is_even_from(unsigned top) const {
  double statistic = 0;
  double freedom = 0;
  for (const auto& binade : m_binades) {
    for (auto plane = top; binade.count >= k_enough_numbers && plane < std::min(top + 3, k_tops + 1); ++plane) {
      const auto off = 2 * binade.lean(plane);
      statistic += off * off * static_cast<double>(binade.count);
      freedom += 1;
    }
  }
  return freedom >= 6 && chi_square_tail(statistic, freedom) > k_no_more_uneven;
}

std::optional<EvenPlanes> BinadePlanes::even() const {
  std::optional<EvenPlanes> best;
  for (auto top = k_first_top; top <= k_tops; ++top) {
    const auto ratio = ratio_from(top);
    if (ratio > (best ? best->ratio : k_worth) && is_even_from(top)) {
      best = EvenPlanes{top, ratio};
    }
  }
  return best;
}

}  // namespace upinspect::forensics
