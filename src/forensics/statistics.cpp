// SPDX-License-Identifier: Apache-2.0
#include "forensics/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <math.h>

namespace upinspect::forensics {
namespace {

constexpr int k_most_rounds = 100'000;
constexpr double k_precision = 1e-14;

/// std::lgamma leaves its sign in a variable of all threads.
double log_gamma(double a) {
  int sign = 0;
  return ::lgamma_r(a, &sign);
}

/// The regularised lower incomplete gamma function by its series; for x < a + 1.
double lower_gamma(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (int n = 1; n < k_most_rounds && term > sum * k_precision; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * std::exp(-x + a * std::log(x) - log_gamma(a));
}

/// The upper one by Lentz's continued fraction; for x >= a + 1.
double upper_gamma(double a, double x) {
  constexpr double k_tiny = std::numeric_limits<double>::min() / k_precision;
  double b = x + 1 - a;
  double c = 1 / k_tiny;
  double d = 1 / b;
  double h = d;
  for (int n = 1; n < k_most_rounds; ++n) {
    const double an = -n * (n - a);
    b += 2;
    d = an * d + b;
    d = std::fabs(d) < k_tiny ? k_tiny : d;
    c = b + an / c;
    c = std::fabs(c) < k_tiny ? k_tiny : c;
    d = 1 / d;
    const double factor = d * c;
    h *= factor;
    if (std::fabs(factor - 1) < k_precision) {
      break;
    }
  }
  return std::exp(-x + a * std::log(x) - log_gamma(a)) * h;
}

std::array<std::uint64_t, 256> histogram(std::span<const std::byte> bytes) {
  std::array<std::uint64_t, 256> counts{};
  for (const auto byte : bytes) {
    ++counts[std::to_integer<std::size_t>(byte)];
  }
  return counts;
}

}  // namespace

double chi_square_tail(double x, double freedom) noexcept {
  const double a = freedom / 2;
  const double half = x / 2;
  if (!(half > 0)) {
    return 1;
  }
  return half < a + 1 ? 1 - lower_gamma(a, half) : upper_gamma(a, half);
}

double chi_square(std::span<const std::uint64_t> counts, std::span<const double> expected) noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (expected[i] > 0) {
      const double excess = static_cast<double>(counts[i]) - expected[i];
      sum += excess * excess / expected[i];
    }
  }
  return sum;
}

double corrected_entropy(std::span<const std::byte> bytes) noexcept {
  if (bytes.empty()) {
    return 0;
  }
  const auto counts = histogram(bytes);
  const auto total = static_cast<double>(bytes.size());
  double entropy = 0;
  double used = 0;
  for (const auto count : counts) {
    if (count != 0) {
      const auto share = static_cast<double>(count) / total;
      entropy -= share * std::log2(share);
      used += 1;
    }
  }
  return std::min(8.0, entropy + (used - 1) / (2 * total * std::log(2.0)));
}

double byte_uniformity(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < 256) {
    return 1;
  }
  const auto counts = histogram(bytes);
  std::array<double, 256> expected{};
  expected.fill(static_cast<double>(bytes.size()) / 256);
  return chi_square_tail(chi_square(counts, expected), 255);
}

}  // namespace upinspect::forensics
