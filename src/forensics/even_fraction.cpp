// SPDX-License-Identifier: Apache-2.0
#include "forensics/even_fraction.hpp"

#include "forensics/statistics.hpp"
#include "numeric/load.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace upinspect::forensics {
namespace {

constexpr double k_as_even = 1e-4;        ///< chance of more unevenness in what is even
constexpr double k_uneven = 5;            ///< standard deviations that no uniform numbers show
constexpr std::uint64_t k_enough = 50;    ///< numbers of a binade that say something
constexpr std::size_t k_fewest = 256;

/// ln of how much likelier even fractions are than honest ones. Where the planes above are honest it falls on average by as much as its variance is half
/// of: three in 10,000 honest files reach 5.9, where they have as many numbers as make that likeliest, at whichever plane.
constexpr double k_convincing_share = 12;
constexpr double k_convincing_below = 5.9;

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
      continue;
    }
    ++m_counts[exponent];
    ++m_planes.counted;
    for (unsigned top = 0; top < m_planes.ones.size(); ++top) {
      m_planes.ones[top] += pattern >> (22 - top) & 1U;
    }
    for (unsigned plane = 0; plane < 3 && m_from + plane <= 23; ++plane) {
      m_ones[exponent][plane] += pattern >> (23 - m_from - plane) & 1U;
    }
  }
}

void Binades::merge(const Binades& other) {
  for (std::size_t exponent = 0; exponent < m_counts.size(); ++exponent) {
    m_counts[exponent] += other.m_counts[exponent];
    std::transform(other.m_ones[exponent].begin(), other.m_ones[exponent].end(), m_ones[exponent].begin(), m_ones[exponent].begin(), std::plus<>());
  }
  m_planes.counted += other.m_planes.counted;
  std::transform(other.m_planes.ones.begin(), other.m_planes.ones.end(), m_planes.ones.begin(), m_planes.ones.begin(), std::plus<>());
}

bool Binades::fractions_are_even() const {
  double statistic = 0;
  double freedom = 0;
  for (std::size_t exponent = 0; exponent < m_counts.size(); ++exponent) {
    if (m_counts[exponent] >= k_enough) {
      freedom += 3;
      for (const auto ones : m_ones[exponent]) {
        statistic += square(deviation(ones, m_counts[exponent]));
      }
    }
  }
  return freedom >= 6 && chi_square_tail(statistic, freedom) > k_as_even &&
         even_ratio_from(m_planes, m_from) > (m_from == 1 ? k_convincing_share : k_convincing_below);
}

/// Binades whose exponents differ in the lowest bit alone hold as many, in two pairs at least.
bool Binades::ends_are_even() const {
  double statistic = 0;
  double freedom = 0;
  for (std::size_t even = 0; even < m_counts.size(); even += 2) {
    const auto both = m_counts[even] + m_counts[even + 1];
    if (both >= 2 * k_enough) {
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
    const bool enough = m_counts[low] + m_counts[low + 1] >= 2 * k_enough;
    if (enough && std::fabs(above - 2 * below) > k_uneven * std::sqrt(above + 4 * below)) {
      return false;
    }
  }
  return true;
}

unsigned Binades::even_bits() const {
  if (!fractions_are_even()) {
    return 0;
  }
  return ends_are_even() ? 24 : are_uniform() ? 0 : 23;
}

std::optional<EvenFraction> even_fraction(const ElementRun& run, std::uint64_t searched) {
  const auto stretch = run.width == 4 && run.count() >= k_fewest ? most_even_stretch(run, searched) : std::nullopt;
  if (!stretch || stretch->last - stretch->first + 1 < k_fewest) {
    return std::nullopt;
  }
  Binades binades;
  binades.add(run, *stretch);
  const auto bits = binades.even_bits();
  return bits == 0 ? std::nullopt : std::optional(EvenFraction{bits, snapped(*stretch, run.count())});
}

}  // namespace upinspect::forensics
