// SPDX-License-Identifier: Apache-2.0
// Singular values of products of two matrices, from their triangular factors.
#pragma once

#include "lora/tall.hpp"

#include <span>
#include <string>
#include <vector>

namespace upinspect::lora {

/// What all ways of measuring come to.
struct Spectrum {
  std::vector<double> values;
  double squares = 0;  ///< their sum, or of the elements where there are no values

  void append(const Spectrum& other) {
    values.insert(values.end(), other.values.begin(), other.values.end());
    squares += other.squares;
  }
};

[[nodiscard]] double squares_of(std::span<const double> values);

/// Of a small matrix: the largest `most` of its singular values, since those beyond the rank are rounding. This and those
/// below throw UpdateRefused for what is too large, does not fit or is not finite.
[[nodiscard]] Spectrum spectrum(Matrix<double> core, std::size_t most);

/// Of left (any x width) times right (width x any).
[[nodiscard]] Spectrum spectrum_of_product(const Matrix<double>& left, const Matrix<double>& right);

/// Of a matrix as it is, through its smaller side.
[[nodiscard]] Spectrum spectrum_of_whole(const Matrix<double>& matrix);

/// left @ right^T.
[[nodiscard]] Matrix<double> times_transpose(const Matrix<double>& left, const Matrix<double>& right);

/// No more than k_most_rank.
void require_width(std::size_t width);

/// No more than 2^24 numbers.
void require_core(std::size_t rows, std::size_t columns);

/// Of numbers that overflowed, or were not finite to begin with.
void require_finite(double sum);

/// The rank up to which singular values are computed.
inline constexpr std::size_t k_most_rank = 2048;

}  // namespace upinspect::lora
