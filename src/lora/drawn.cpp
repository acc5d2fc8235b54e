// SPDX-License-Identifier: Apache-2.0
// bound = sqrt(3) gain / sqrt(inputs); a number is k 2^-24 (2 bound) - bound for a whole k of 24 bits, rounded to float32
// once where the processor fuses the two steps, else after each (torch: DistributionTemplates.h, TransformationHelper.h).
// In a random float of the same range about every second one can be drawn, so that chance passes 64 of them with 2^-50.
// Numbers that were rounded to 16 bits pass where the bound is a power of two; then all k are even, as no draw has them.
#include "lora/drawn.hpp"

#include <cmath>
#include <cstddef>

namespace upinspect::lora {

namespace {

constexpr std::size_t k_fewest = 64;
constexpr double k_draws = 16777216;  // 2^24

/// The k that makes `value`; below zero where none does.
double draw_of(double value, double bound) {
  const double guess = std::nearbyint((value + bound) / (2 * bound) * k_draws);
  for (const double k : {guess, guess - 1, guess + 1}) {
    const double exact = k / k_draws * (2 * bound);
    const auto once = static_cast<float>(exact - bound);
    const auto twice = static_cast<float>(static_cast<double>(static_cast<float>(exact)) - bound);
    if (k >= 0 && k < k_draws && (static_cast<double>(once) == value || static_cast<double>(twice) == value)) {
      return k;
    }
  }
  return -1;
}

}  // namespace

bool is_as_drawn(std::span<const double> values, std::uint64_t inputs) {
  if (values.size() < k_fewest || inputs == 0) {
    return false;
  }
  const double slope = std::sqrt(5.0);
  const double deviation = std::sqrt(2 / (1 + slope * slope)) / std::sqrt(static_cast<double>(inputs));
  const auto bound = static_cast<double>(static_cast<float>(std::sqrt(3.0) * deviation));
  std::size_t odd = 0;
  double squares = 0;
  for (const auto value : values) {
    const double k = std::fabs(value) <= bound ? draw_of(value, bound) : -1;
    if (k < 0) {
      return false;
    }
    odd += std::fmod(k, 2) != 0 ? 1U : 0U;
    squares += value * value;
  }
  // Half of the draws are odd, and the mean square is bound^2 / 3: both within five deviations and more of 64 numbers.
  const auto count = static_cast<double>(values.size());
  const double share = static_cast<double>(odd) / count;
  const double spread = squares / count / (bound * bound / 3);
  return share > 0.15 && share < 0.85 && spread > 0.4 && spread < 1.6;
}

}  // namespace upinspect::lora
