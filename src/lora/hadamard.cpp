// SPDX-License-Identifier: Apache-2.0
// The update is K1 @ K2^T, where row i of K1 holds all products of a number in row i of left1 with one in row i of left2,
// and K2 the same of the columns of right1 and right2.
#include "lora/hadamard.hpp"

#include "lora/matrix.hpp"

#include <algorithm>

namespace upinspect::lora {

namespace {

constexpr std::size_t k_block = numeric::Gram::k_samples;

/// Sample i: all products of a number in row i of `a` with one in row i of `b`.
Samples paired_rows(const Matrix<double>& a, const Matrix<double>& b) {
  return [&a, &b](const auto& sink) {
    const auto width = a.columns * b.columns;
    std::vector<double> block(k_block * width);
    for (std::size_t row = 0; row < a.rows; row += k_block) {
      const auto count = std::min(k_block, a.rows - row);
      double* out = block.data();
      for (std::size_t i = row; i < row + count; ++i) {
        for (const auto left : a.from(i, 1)) {
          for (const auto right : b.from(i, 1)) {
            *out++ = left * right;
          }
        }
      }
      sink({block.data(), count, width, 1});
    }
  };
}

}  // namespace

Samples HadamardFactors::update_rows() const {
  return [this](const auto& sink) {
    std::vector<double> first(k_block * columns());
    std::vector<double> second(k_block * columns());
    for (std::size_t row = 0; row < rows(); row += k_block) {
      const auto count = std::min(k_block, rows() - row);
      std::fill(first.begin(), first.end(), 0.0);
      std::fill(second.begin(), second.end(), 0.0);
      numeric::add_product(left1.from(row, count), std::span(right1.values), left1.columns, columns(), std::span(first).first(count * columns()));
      numeric::add_product(left2.from(row, count), std::span(right2.values), left2.columns, columns(), std::span(second).first(count * columns()));
      std::transform(first.begin(), first.end(), second.begin(), first.begin(), std::multiplies<>());
      sink({first.data(), count, columns(), 1});
    }
  };
}

Spectrum spectrum_of(const HadamardFactors& factors) {
  const auto rank = factors.left1.columns * factors.left2.columns;
  const auto side = std::min(factors.rows(), factors.columns());
  if (rank <= std::min(side, k_most_hadamard)) {
    const auto left = upper_factor(rank, paired_rows(factors.left1, factors.left2));
    const auto right = upper_factor(rank, paired_rows(transpose(factors.right1), transpose(factors.right2)));
    return spectrum(times_transpose(left, right), rank);
  }
  if (factors.rows() < factors.columns()) {
    return spectrum_of(HadamardFactors{transpose(factors.right1), transpose(factors.left1), transpose(factors.right2), transpose(factors.left2)});
  }
  if (side <= k_most_hadamard) {
    return spectrum(upper_factor(side, factors.update_rows()), side);
  }
  Spectrum out;
  factors.update_rows()([&out](const numeric::SampleBlock& block) { out.squares += squares_of({block.values, block.samples * block.sample_stride}); });
  require_finite(out.squares);
  return out;
}

}  // namespace upinspect::lora
