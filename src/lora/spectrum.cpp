// SPDX-License-Identifier: Apache-2.0
#include "lora/spectrum.hpp"

#include "lora/matrix.hpp"
#include "numeric/singular_values.hpp"

#include <algorithm>
#include <cmath>

namespace upinspect::lora {

namespace {

constexpr std::size_t k_most_core = std::size_t{1} << 24;

}  // namespace

void require_finite(double sum) {
  if (!std::isfinite(sum)) {
    throw UpdateRefused("its values are not all finite, or too large to be measured");
  }
}

double squares_of(std::span<const double> values) {
  double sum = 0;
  for (const auto value : values) {
    sum += value * value;
  }
  return sum;
}

Spectrum spectrum(Matrix<double> core, std::size_t most) {
  Spectrum out;
  out.squares = squares_of(core.values);
  require_finite(out.squares);
  out.values = numeric::singular_values(std::move(core.values), core.rows, core.columns);
  if (out.values.empty()) {
    throw UpdateRefused("its singular values could not be computed");
  }
  out.values.resize(std::min(out.values.size(), most));
  return out;
}

void require_width(std::size_t width) {
  if (width > k_most_rank) {
    throw UpdateRefused(fmt::format("its rank of {} is more than the {} up to which figures are computed", width, k_most_rank));
  }
}

void require_core(std::size_t rows, std::size_t columns) {
  if (rows != 0 && columns > k_most_core / rows) {
    throw UpdateRefused(fmt::format("its core of {} x {} is too large to be measured", rows, columns));
  }
}

Matrix<double> times_transpose(const Matrix<double>& left, const Matrix<double>& right) {
  return product(left, transpose(right), "its halves");
}

Spectrum spectrum_of_product(const Matrix<double>& left, const Matrix<double>& right) {
  if (left.columns != right.rows) {
    throw UpdateRefused(fmt::format("its halves do not fit each other: {} x {} and {} x {}", left.rows, left.columns, right.rows, right.columns));
  }
  require_width(left.columns);
  const auto rank = std::min({left.columns, left.rows, right.columns});
  return spectrum(times_transpose(upper_factor(left.columns, rows_of(left)), upper_factor(right.rows, columns_of(right))), rank);
}

Spectrum spectrum_of_whole(const Matrix<double>& matrix) {
  const bool wide = matrix.columns > matrix.rows;
  const auto width = std::min(matrix.rows, matrix.columns);
  require_width(width);
  return spectrum(upper_factor(width, wide ? columns_of(matrix) : rows_of(matrix)), width);
}

}  // namespace upinspect::lora
