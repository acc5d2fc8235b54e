// SPDX-License-Identifier: Apache-2.0
#include "convert/difference.hpp"

#include "convert/refusal.hpp"
#include "numeric/add_scaled.hpp"
#include "numeric/values.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace upinspect::convert {

namespace {

using Values = std::vector<double>;

/// Held in double: eight bytes for each element.
constexpr std::uint64_t k_most_values = std::uint64_t{1} << 28;

Values values_of(const Outgoing& tensor) {
  Values values;
  const auto& dtype = info(tensor.dtype);
  std::vector<std::byte> rest;
  tensor.produce([&](std::span<const std::byte> piece) {
    rest.insert(rest.end(), piece.begin(), piece.end());
    const auto blocks = rest.size() / dtype.block_bytes;
    const auto used = values.size();
    if (blocks * dtype.block_elements > k_most_values - used) {
      throw Refusal("\"" + tensor.name + "\" is too large to be compared in memory");
    }
    values.resize(used + blocks * dtype.block_elements);
    numeric::decode_values(tensor.dtype, std::span<const std::byte>(rest).first(blocks * dtype.block_bytes),
                           std::span(values).subspan(used));
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(blocks * dtype.block_bytes));
  });
  return values;
}

/// What differs is what changed: NaN that was NaN before and infinities that were the same do not count.
Values minus(const Values& now, const Values& old) {
  Values result(old.size());
  for (std::size_t i = 0; i < old.size(); ++i) {
    const bool same = now[i] == old[i] || (std::isnan(now[i]) && std::isnan(old[i]));
    result[i] = same ? 0 : now[i] - old[i];
  }
  return result;
}

/// Largest magnitude and sum of squares of the finite numbers; infinities count as the largest of all.
struct Sums {
  double largest = 0;
  double difference = 0;
  double old = 0;

  void add(std::span<const double> differences, std::span<const double> olds) {
    for (const auto value : differences) {
      largest = std::max(largest, std::isnan(value) ? 0 : std::fabs(value));
      difference += std::isfinite(value) ? value * value : 0;
    }
    for (const auto value : olds) {
      old += std::isfinite(value) ? value * value : 0;
    }
  }
  [[nodiscard]] Difference result() const {
    return {largest, difference == 0 ? 0 : old == 0 ? HUGE_VAL : std::sqrt(difference / old)};
  }
};

}  // namespace

Difference difference_of_values(const Outgoing& old, const Outgoing& now) {
  const auto before = values_of(old);
  Sums sums;
  sums.add(minus(values_of(now), before), before);
  return sums.result();
}

Difference difference_of_updates(const ModuleFactors& old, const ModuleFactors& now) {
  const auto up = values_of(old.up);
  const auto down = values_of(old.down);
  const auto new_down = values_of(now.down);
  const auto up_change = minus(values_of(now.up), up);
  const auto down_change = minus(new_down, down);
  const auto rank = static_cast<std::size_t>(old.rank);
  const auto columns = rank == 0 ? 0 : down.size() / rank;
  Sums sums;
  Values change(columns);
  Values update(columns);
  for (std::size_t row = 0; rank != 0 && row < up.size() / rank; ++row) {
    std::fill(change.begin(), change.end(), 0.0);
    std::fill(update.begin(), update.end(), 0.0);
    for (std::size_t k = 0; k < rank; ++k) {
      const auto line = [&](const Values& matrix) { return std::span<const double>(matrix).subspan(k * columns, columns); };
      numeric::add_scaled(old.scale * up_change[row * rank + k], line(new_down), change);
      numeric::add_scaled(old.scale * up[row * rank + k], line(down_change), change);
      numeric::add_scaled(old.scale * up[row * rank + k], line(down), update);
    }
    sums.add(change, update);
  }
  if (old.magnitude && now.magnitude) {
    const auto lengths = values_of(*old.magnitude);
    sums.add(minus(values_of(*now.magnitude), lengths), lengths);
  }
  return sums.result();
}

}  // namespace upinspect::convert
