// SPDX-License-Identifier: Apache-2.0
// Orthogonal reductions of small dense matrices, in double.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace upinspect::numeric {

/// Householder QR of a row-major matrix: afterwards its first min(rows, columns) rows hold R, which is upper triangular,
/// and all below is zero.
void triangularise(std::span<double> matrix, std::size_t rows, std::size_t columns);

/// Of a row-major matrix of finite numbers: min(rows, columns) of them, the largest first. Each is off by some rounding
/// errors of the largest. Empty where the iteration does not end, which no matrix is known to do.
[[nodiscard]] std::vector<double> singular_values(std::vector<double> matrix, std::size_t rows, std::size_t columns);

}  // namespace upinspect::numeric
