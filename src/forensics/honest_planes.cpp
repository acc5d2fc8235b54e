// SPDX-License-Identifier: Apache-2.0
#include "forensics/honest_planes.hpp"

#include "numeric/load.hpp"

#include <algorithm>
#include <cmath>

namespace upinspect::forensics {
namespace {

constexpr unsigned k_planes = 12;

constexpr unsigned k_most_tops = 60;

/// The sum over all fractions whose bit `top` is one; further down the distance from a half halves from plane to plane.
double benford_sum(unsigned top) {
  constexpr unsigned k_exact = 10;
  if (top > k_exact) {
    return 0.5 - (0.5 - benford_sum(k_exact)) * std::ldexp(1.0, static_cast<int>(k_exact) - static_cast<int>(top));
  }
  const auto cells = 1U << top;
  double sum = 0;
  for (unsigned cell = 1; cell < cells; cell += 2) {
    sum += std::log2((cells + cell + 1.0) / (cells + cell));
  }
  return sum;
}

/// Half a percent at the highest plane, less below: how far honest files lie from the law.
double tolerance(unsigned top) { return top >= 10 ? 0 : 0.0025 / top; }

double distance(double ones, double counted, unsigned top) {
  const auto expected = benford_one(top);
  const auto spread = std::sqrt(0.25 / counted + tolerance(top) * tolerance(top));
  return std::fabs(ones / counted - expected) / spread;
}

double two_sided(double z) { return std::erfc(z / std::sqrt(2.0)); }

double ratio(const TopPlanes& planes, unsigned from) {
  double sum = 0;
  for (auto top = from; top <= k_planes; ++top) {
    const auto evidence = evidence_for_even(top);
    const auto ones = static_cast<double>(planes.ones[top - 1]);
    sum += ones * evidence.one + (static_cast<double>(planes.counted) - ones) * evidence.zero;
  }
  return sum;
}

bool is_honest(const TopPlanes& planes, unsigned top) {
  return distance(static_cast<double>(planes.ones[top - 1]), static_cast<double>(planes.counted), top) < 4;
}

bool honest_above(const TopPlanes& planes, unsigned top) {
  for (unsigned above = 1; above < top; ++above) {
    if (!is_honest(planes, above)) {
      return false;
    }
  }
  return true;
}

}  // namespace

double benford_one(unsigned top) {
  static const auto table = [] {
    std::array<double, k_most_tops + 1> chances{};
    for (unsigned at = 1; at <= k_most_tops; ++at) {
      chances[at] = benford_sum(at);
    }
    return chances;
  }();
  return table[std::min(top, k_most_tops)];
}

unsigned fraction_bits(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::f64:
    case Dtype::c128: return 52;
    case Dtype::f32:
    case Dtype::c64: return 23;
    case Dtype::f16:
    case Dtype::c32: return 10;
    case Dtype::bf16: return 7;
    default: return 0;
  }
}

std::vector<BitPlane> judge_planes(std::span<const std::uint64_t> ones, std::uint64_t counted, unsigned fraction) {
  std::vector<BitPlane> planes;
  for (unsigned bit = 0; bit < ones.size(); ++bit) {
    BitPlane plane;
    plane.bit = bit;
    plane.ones = ones[bit];
    plane.p_one = counted == 0 ? 0 : static_cast<double>(ones[bit]) / static_cast<double>(counted);
    if (bit < fraction && counted != 0) {
      plane.honest = benford_one(fraction - bit);
      plane.p_value = two_sided(distance(static_cast<double>(ones[bit]), static_cast<double>(counted), fraction - bit));
    }
    planes.push_back(plane);
  }
  return planes;
}

bool is_trained(const std::vector<BitPlane>& planes, unsigned fraction, std::uint64_t counted) {
  if (fraction < 3 || planes.size() <= fraction || counted < 64) {
    return false;
  }
  return std::all_of(planes.begin() + (fraction - 3), planes.begin() + fraction, [](const BitPlane& plane) { return plane.p_value > 1e-4; });
}

bool is_trained_without(const ElementRun& run, const Stretch& where) {
  constexpr std::uint64_t k_enough_left = 1000;
  TopPlanes planes;
  for (std::size_t i = 0; i < run.count(); ++i) {
    i = i == where.first ? where.last + 1 : i;
    const auto pattern = i < run.count() ? numeric::load_le<std::uint32_t>(run.bytes.data() + i * 4) : 0;
    if (is_normal_f32(pattern)) {
      ++planes.counted;
      for (unsigned top = 1; top <= 3; ++top) {
        planes.ones[top - 1] += pattern >> (k_f32_fraction - top) & 1U;
      }
    }
  }
  return planes.counted >= k_enough_left && honest_above(planes, 4);
}

std::optional<unsigned> even_low_bits(const TopPlanes& planes, unsigned fraction) {
  constexpr double k_convincing_excess = 7;
  if (planes.counted == 0) {
    return std::nullopt;
  }
  double most = k_convincing_excess;
  std::optional<unsigned> bits;
  for (unsigned from = 2; from <= std::min(k_planes, fraction); ++from) {
    const auto sum = ratio(planes, from);
    if (sum > most && honest_above(planes, from)) {
      most = sum;
      bits = fraction + 1 - from;
    }
  }
  return bits;
}

double even_ratio(const TopPlanes& planes, unsigned from) { return ratio(planes, from); }

BitEvidence evidence_for_even(unsigned top) {
  const auto p = benford_one(top);
  return {std::log(0.5 / p), std::log(0.5 / (1 - p))};
}

TopPlanes top_planes(const ElementRun& run, const Stretch& where) {
  TopPlanes planes;
  for (auto i = where.first; i <= where.last && i < run.count(); ++i) {
    const auto pattern = numeric::load_le<std::uint32_t>(run.bytes.data() + i * 4);
    if (is_normal_f32(pattern)) {
      ++planes.counted;
      for (unsigned top = 1; top <= k_planes; ++top) {
        planes.ones[top - 1] += pattern >> (k_f32_fraction - top) & 1U;
      }
    }
  }
  return planes;
}

bool is_honest_plane(const TopPlanes& planes, unsigned top) { return is_honest(planes, top); }

bool is_honest_above(const TopPlanes& planes, unsigned top) { return honest_above(planes, top); }

}  // namespace upinspect::forensics
