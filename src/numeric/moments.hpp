// SPDX-License-Identifier: Apache-2.0
// Mean, standard deviation and 2-norm, joined from chunks without cancellation and in one order.
#pragma once

#include "numeric/double_double.hpp"
#include "numeric/kernels.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace upinspect::numeric {

/// The floating moments of one chunk's finite elements, all in units of 2^exponent: how many, their mean, and the sum
/// of squares about it. The exponent is 0 but for f64 chunks whose squares would leave the range of a double.
struct ChunkSums {
  std::uint64_t count = 0;
  DoubleDouble mean;
  double squares = 0;
  int exponent = 0;

  friend bool operator==(const ChunkSums&, const ChunkSums&) = default;
};

// A chunk's sums are taken about a pivot near its mean (the mean of a sample, corrected once where that was far off),
// so that a mean much larger than the spread costs no digits (Chan, Golub and LeVeque, "Algorithms for computing the
// sample variance", 1983).

/// Of f64 elements, all of them finite and of moderate size (squares and their sum are doubles).
[[nodiscard]] ChunkSums sums_of_f64(std::span<const std::byte> bytes);

/// Of f32 elements, all of them finite; with the deviations from pivot_of_f32 if they are known.
[[nodiscard]] ChunkSums sums_of_f32(std::span<const std::byte> bytes);
[[nodiscard]] ChunkSums sums_of_f32(std::span<const std::byte> bytes, double pivot, Deviations deviations);

/// Not finite where the sample is not. There must be an element.
[[nodiscard]] double pivot_of_f32(std::span<const std::byte> bytes) noexcept;

/// The moments of many chunks. Order matters to the last bit: add them in the order of the elements.
class Moments {
 public:
  Moments() = default;

  /// Of `count` values with the given sum and sum of squares.
  Moments(std::uint64_t count, DoubleDouble sum, DoubleDouble sum_of_squares) noexcept;

  explicit Moments(const ChunkSums& chunk) noexcept;

  void add(const ChunkSums& chunk) noexcept { add(Moments(chunk)); }
  void add(Moments other) noexcept;

  /// Adds `offset` to every value.
  void shift_mean(double offset) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return m_count; }

  /// Nothing where there are no values. A norm beyond the range of a double is infinity.
  [[nodiscard]] std::optional<double> mean() const noexcept;
  [[nodiscard]] std::optional<double> std() const noexcept;
  [[nodiscard]] std::optional<double> l2() const noexcept;

 private:
  [[nodiscard]] bool all_zero() const noexcept { return m_mean.high == 0 && m_squares.high == 0; }
  void rescale(int exponent) noexcept;

  std::uint64_t m_count = 0;
  DoubleDouble m_mean;
  DoubleDouble m_squares;
  int m_exponent = 0;
};

}  // namespace upinspect::numeric
