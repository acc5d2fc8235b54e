// SPDX-License-Identifier: Apache-2.0
#include "forensics/honest_planes.hpp"

#include "numeric/load.hpp"

#include <algorithm>
#include <cmath>

namespace upinspect::forensics {
namespace {

constexpr unsigned k_planes = 12;
constexpr unsigned k_f32_fraction = 23;

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

/// What a one and a zero in plane `top` say for "even" against "honest".
struct Evidence {
  double one;
  double zero;
};

Evidence evidence_of(unsigned top) {
  const auto p = benford_one(top);
  return {std::log(0.5 / p), std::log(0.5 / (1 - p))};
}

double ratio(const TopPlanes& planes, unsigned from) {
  double sum = 0;
  for (auto top = from; top <= k_planes; ++top) {
    const auto evidence = evidence_of(top);
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

/// The evidence of the ten highest bits of a fraction that counts from plane `from` on.
std::array<float, 1024> scores_from(unsigned from) {
  std::array<float, 1024> table{};
  for (unsigned bits = 0; bits < 1024; ++bits) {
    double sum = 0;
    for (auto top = from; top <= 10; ++top) {
      const auto evidence = evidence_of(top);
      sum += (bits >> (10 - top) & 1U) != 0 ? evidence.one : evidence.zero;
    }
    table[bits] = static_cast<float>(sum);
  }
  return table;
}

bool is_number(std::uint32_t pattern) {
  const auto exponent = pattern >> 23 & 0xffU;
  return exponent != 0 && exponent != 0xff;
}

struct PlaneSegment {
  double score = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// For planes 1 to 7, made once.
const std::array<float, 1024>& scores_of(unsigned from) {
  static const auto tables = [] {
    std::array<std::array<float, 1024>, 8> made{};
    for (unsigned at = 1; at < made.size(); ++at) {
      made[at] = scores_from(at);
    }
    return made;
  }();
  return tables[from];
}

PlaneSegment best_segment(const ElementRun& run, unsigned from) {
  const auto& scores = scores_of(from);
  PlaneSegment best;
  double sum = 0;
  std::size_t begin = 0;
  const auto count = run.count();
  for (std::size_t i = 0; i < count; ++i) {
    const auto pattern = numeric::load_le<std::uint32_t>(run.bytes.data() + i * 4);
    sum += is_number(pattern) ? static_cast<double>(scores[pattern >> 13 & 1023U]) : 0;
    if (sum <= 0) {
      sum = 0;
      begin = i + 1;
    } else if (sum > best.score) {
      best = {sum, begin, i + 1};
    }
  }
  return best;
}

/// What an honest element says against "even from plane `from` on", on average.
double divergence(unsigned from) {
  double sum = 0;
  for (auto top = from; top <= 10; ++top) {
    const auto [one, zero] = evidence_of(top);
    sum -= benford_one(top) * one + (1 - benford_one(top)) * zero;
  }
  return sum;
}

/// The chance that honest weights show a stretch that is called even, for all planes from which it may be together.
constexpr double k_stretch_budget = 4e-4;

/// What the greatest sum of `searched` honest elements exceeds with the share of the budget that plane `from` has: in n elements whose
/// logarithms fall by D each with a variance of 2 D, a sum above b comes with a chance of n D nu^2 e^-b, nu = e^(-0.583 sqrt(2 D)) (Siegmund 1985).
double convincing_sum(std::uint64_t searched, unsigned from) {
  const auto fall = divergence(from);
  const auto chances = static_cast<double>(searched) * fall * std::exp(-1.166 * std::sqrt(2 * fall));
  return std::log(std::max(chances, 1.0) * 7 / k_stretch_budget);
}

TopPlanes planes_of(const ElementRun& run, std::size_t begin, std::size_t end, TopPlanes into = {}) {
  for (auto i = begin; i < end; ++i) {
    const auto pattern = numeric::load_le<std::uint32_t>(run.bytes.data() + i * 4);
    if (is_number(pattern)) {
      ++into.counted;
      for (unsigned top = 1; top <= k_planes; ++top) {
        into.ones[top - 1] += pattern >> (k_f32_fraction - top) & 1U;
      }
    }
  }
  return into;
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
    if (is_number(pattern)) {
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

double even_ratio(const TopPlanes& planes) { return ratio(planes, 1); }

double even_ratio_from(const TopPlanes& planes, unsigned from) { return ratio(planes, from); }

bool is_honest_above(const TopPlanes& planes, unsigned top) { return honest_above(planes, top); }

std::optional<EvenStretch> even_stretch(const ElementRun& run, std::uint64_t searched) {
  const auto count = run.count();
  if (run.width != 4 || count < 256) {
    return std::nullopt;
  }
  double most = 0;
  std::optional<EvenStretch> best;
  for (unsigned from = 2; from <= 7; ++from) {
    const auto segment = best_segment(run, from);
    if (segment.score <= std::max(most, convincing_sum(searched, from))) {
      continue;
    }
    const auto inside = planes_of(run, segment.begin, segment.end);
    const auto outside = planes_of(run, segment.end, count, planes_of(run, 0, segment.begin));
    // Where nothing is left outside there is nothing that shows the tensor to be a trained one but the planes above.
    const bool rest_is_honest = outside.counted < 256 || (is_honest(outside, from) && is_honest(outside, 1));
    if (honest_above(inside, from) && rest_is_honest) {
      most = segment.score;
      best = EvenStretch{k_f32_fraction + 1 - from, {segment.begin, segment.end - 1}};
    }
  }
  return best;
}

std::optional<Stretch> most_even_stretch(const ElementRun& run, std::uint64_t searched) {
  const auto segment = run.width == 4 ? best_segment(run, 1) : PlaneSegment{};
  return segment.score > convincing_sum(searched, 1) ? std::optional(Stretch{segment.begin, segment.end - 1}) : std::nullopt;
}

}  // namespace upinspect::forensics
