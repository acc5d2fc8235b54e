// SPDX-License-Identifier: Apache-2.0
// LoHa: the product, element by element, of two products of thin matrices.
#pragma once

#include "lora/spectrum.hpp"

namespace upinspect::lora {

/// (left1 @ right1) * (left2 @ right2), element by element. The shapes fit.
struct HadamardFactors {
  Matrix<double> left1;
  Matrix<double> right1;
  Matrix<double> left2;
  Matrix<double> right2;

  [[nodiscard]] std::size_t rows() const { return left1.rows; }
  [[nodiscard]] std::size_t columns() const { return right1.columns; }

  /// The rows of the update, some at a time. This must outlive what is returned.
  [[nodiscard]] Samples update_rows() const;
};

/// Without singular values where the rank r1 r2 and both sides are more than k_most_hadamard.
[[nodiscard]] Spectrum spectrum_of(const HadamardFactors& factors);

/// Each step of rank r1 r2 costs more than a whole LoRA of rank r.
inline constexpr std::size_t k_most_hadamard = 512;

}  // namespace upinspect::lora
