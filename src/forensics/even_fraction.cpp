// SPDX-License-Identifier: Apache-2.0
#include "forensics/even_fraction.hpp"

#include "forensics/statistics.hpp"
#include "numeric/load.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace upinspect::forensics {
namespace {

constexpr double k_as_even = 1e-4;        ///< chance of more unevenness in what is even
constexpr double k_uneven = 5;            ///< standard deviations that no uniform numbers show
constexpr std::size_t k_fewest = 256;

double square(double value) { return value * value; }

double deviation(std::uint64_t ones, std::uint64_t of) {
  return (static_cast<double>(ones) * 2 - static_cast<double>(of)) / std::sqrt(static_cast<double>(of));
}

/// A stretch that is nearly all of the tensor is all of it: its ends may look honest by chance.
Stretch snapped(const Stretch& where, std::size_t count) {
  return (where.last - where.first + 1) * 20 >= count * 19 ? Stretch{0, count - 1} : where;
}

}  // namespace

void Binades::add(const ElementRun& run, const Stretch& where) {
  for (auto i = where.first; i <= where.last && i < run.count(); ++i) {
    const auto pattern = numeric::load_le<std::uint32_t>(run.bytes.data() + i * 4);
    const auto exponent = pattern >> 23 & 0xffU;
    if (exponent == 0 || exponent == 255) {
      m_zeros += exponent == 0 ? 1 : 0;
      continue;
    }
    ++m_counts[exponent];
    for (unsigned plane = 0; plane < 3; ++plane) {
      m_ones[exponent][plane] += pattern >> (22 - plane) & 1U;
    }
  }
}

bool Binades::fractions_are_even() const {
  double statistic = 0;
  double freedom = 0;
  for (std::size_t exponent = 0; exponent < m_counts.size(); ++exponent) {
    if (m_counts[exponent] >= k_enough_of_octave) {
      freedom += 3;
      for (const auto ones : m_ones[exponent]) {
        statistic += square(deviation(ones, m_counts[exponent]));
      }
    }
  }
  return freedom >= 6 && chi_square_tail(statistic, freedom) > k_as_even;
}

/// Binades whose exponents differ in the lowest bit alone hold as many, in two pairs at least.
bool Binades::ends_are_even() const {
  double statistic = 0;
  double freedom = 0;
  for (std::size_t even = 0; even < m_counts.size(); even += 2) {
    const auto both = m_counts[even] + m_counts[even + 1];
    if (both >= 2 * k_enough_of_octave) {
      freedom += 1;
      statistic += square(deviation(m_counts[even], both));
    }
  }
  return freedom >= 2 && chi_square_tail(statistic, freedom) > k_as_even;
}

bool Binades::are_uniform() const {
  std::size_t top = m_counts.size() - 1;
  while (top > 0 && m_counts[top] == 0) {
    --top;
  }
  // Where uniform numbers end within a binade it holds fewer.
  for (std::size_t low = 0; low + 1 < top; ++low) {
    const auto below = static_cast<double>(m_counts[low]);
    const auto above = static_cast<double>(m_counts[low + 1]);
    const bool enough = m_counts[low] + m_counts[low + 1] >= 2 * k_enough_of_octave;
    if (enough && std::fabs(above - 2 * below) > k_uneven * std::sqrt(above + 4 * below)) {
      return false;
    }
  }
  return true;
}

bool Binades::are_cut_off() const {
  constexpr std::uint64_t k_many = 10;
  const auto numbers = std::accumulate(m_counts.begin(), m_counts.end(), std::uint64_t{0});
  if (m_zeros * k_many > m_zeros + numbers) {
    return true;
  }
  constexpr std::uint64_t k_tells = 24;
  constexpr std::uint64_t k_cut = 8;
  for (std::size_t above = 1; above < m_counts.size(); ++above) {
    if (m_counts[above] >= k_tells && m_counts[above - 1] * k_cut < m_counts[above]) {
      return true;
    }
  }
  return false;
}

unsigned Binades::even_bits() const {
  if (!fractions_are_even()) {
    return 0;
  }
  return ends_are_even() ? 24 : are_uniform() ? 0 : 23;
}

std::optional<EvenFraction> even_fraction(const StretchSearch& search) {
  const auto& run = search.run();
  const auto stretch = run.width == 4 && run.count() >= k_fewest ? search.whole_fraction() : std::nullopt;
  if (!stretch || stretch->last - stretch->first + 1 < k_fewest) {
    return std::nullopt;
  }
  Binades binades;
  binades.add(run, *stretch);
  const auto bits = binades.even_bits();
  return bits == 0 ? std::nullopt : std::optional(EvenFraction{bits, snapped(*stretch, run.count())});
}

}  // namespace upinspect::forensics
