// SPDX-License-Identifier: Apache-2.0
#include "forensics/even_fraction.hpp"

#include "numeric/load.hpp"

#include <algorithm>
#include <cmath>

namespace upinspect::forensics {
namespace {

constexpr double k_even = 4;              ///< standard deviations that count as even
constexpr double k_uneven = 6;            ///< and as uneven
constexpr std::uint64_t k_enough = 300;   ///< numbers of a binade that say something
constexpr double k_convincing_share = 12;       ///< ln of how much likelier even fractions are than honest ones
constexpr std::size_t k_fewest = 1000;

double deviation(std::uint64_t ones, std::uint64_t of) {
  return std::fabs(static_cast<double>(ones) * 2 - static_cast<double>(of)) / std::sqrt(static_cast<double>(of));
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
    for (unsigned top = 0; top < 3; ++top) {
      m_ones[exponent][top] += pattern >> (22 - top) & 1U;
    }
  }
}

/// In three binades at least, and in no binade otherwise.
bool Binades::fractions_are_even() const {
  unsigned binades = 0;
  for (std::size_t exponent = 0; exponent < m_counts.size(); ++exponent) {
    const auto count = m_counts[exponent];
    const auto uneven = [count](std::uint64_t ones) { return deviation(ones, count) >= k_even; };
    if (count < k_enough) {
      continue;
    }
    if (std::any_of(m_ones[exponent].begin(), m_ones[exponent].end(), uneven)) {
      return false;
    }
    ++binades;
  }
  return binades >= 3 && even_ratio(m_planes) > k_convincing_share;
}

/// Binades whose exponents differ in the lowest bit alone: in two pairs at least, and in no pair otherwise.
bool Binades::ends_are_even() const {
  unsigned pairs = 0;
  for (std::size_t even = 0; even < m_counts.size(); even += 2) {
    const auto both = m_counts[even] + m_counts[even + 1];
    if (both < 2 * k_enough) {
      continue;
    }
    if (deviation(m_counts[even], both) >= k_even) {
      return false;
    }
    ++pairs;
  }
  return pairs >= 2;
}

bool Binades::are_uniform() const {
  for (std::size_t low = 0; low + 1 < m_counts.size(); ++low) {
    const auto below = static_cast<double>(m_counts[low]);
    const auto above = static_cast<double>(m_counts[low + 1]);
    const bool enough = std::min(m_counts[low], m_counts[low + 1]) >= k_enough;
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
