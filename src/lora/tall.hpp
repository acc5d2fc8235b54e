// SPDX-License-Identifier: Apache-2.0
// What is left of a tall matrix when only its products count: the triangular factor of its QR, out of samples that pass
// by.
#pragma once

#include "lora/update.hpp"
#include "numeric/gram.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace upinspect::lora {

/// Hands all samples (rows of the tall matrix) to the sink, the same ones each time it is called.
using Samples = std::function<void(const std::function<void(const numeric::SampleBlock&)>&)>;

/// The rows of `matrix`, or its columns. It must outlive what is returned.
[[nodiscard]] Samples rows_of(const Matrix<double>& matrix);
[[nodiscard]] Samples rows_of(const Matrix<double>& matrix, std::size_t first, std::size_t count);
[[nodiscard]] Samples columns_of(const Matrix<double>& matrix);

/// A part of a module whose numbers are decoded where they are wanted.
struct PartView {
  std::vector<std::uint64_t> shape;
  std::function<void(std::size_t first, std::span<double> out)> read;  ///< the numbers from `first` on, row-major
};

struct Sides {
  std::size_t rows = 0;
  std::size_t columns = 0;
};

/// The first dimension as rows, all others as columns. Throws UpdateRefused for what is no matrix.
[[nodiscard]] Sides sides_of(const PartView& view, const std::string& role);

/// The rows of a part, or its columns. It must outlive what is returned.
[[nodiscard]] Samples rows_of(const PartView& view, const Sides& sides);
[[nodiscard]] Samples columns_of(const PartView& view, const Sides& sides);

/// R, width x width and upper triangular, with R^T R = S^T S for the matrix S of the samples: S is R but for a rotation, so
/// that S @ x and R @ x have one length. Singular values of products come out to about nine digits, whatever their size.
/// From the Gram matrix where that is well conditioned, else by Householder QR. Throws UpdateRefused for numbers that are
/// not finite, or too large to be squared.
[[nodiscard]] Matrix<double> upper_factor(std::size_t width, const Samples& samples);

}  // namespace upinspect::lora
