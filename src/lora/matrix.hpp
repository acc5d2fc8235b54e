// SPDX-License-Identifier: Apache-2.0
// The small algebra that turns a module's parts into the two factors of its update.
#pragma once

#include "lora/update.hpp"
#include "numeric/products.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <functional>
#include <numeric>

namespace upinspect::lora {

[[nodiscard]] inline std::string shown(const std::vector<std::uint64_t>& shape) {
  return shape.empty() ? "a scalar" : fmt::format("{}", fmt::join(shape, " x "));
}

/// The first dimension as rows, all others as columns.
template <typename Real>
[[nodiscard]] Matrix<Real> flattened(PartValues<Real> part, const std::string& role) {
  if (part.shape.size() < 2 || part.values.empty()) {
    throw UpdateRefused(role + " is " + shown(part.shape) + ", no matrix");
  }
  const auto rows = static_cast<std::size_t>(part.shape[0]);
  return {rows, part.values.size() / rows, std::move(part.values)};
}

template <typename Real>
[[nodiscard]] Matrix<Real> transpose(const Matrix<Real>& matrix) {
  Matrix<Real> out{matrix.columns, matrix.rows, std::vector<Real>(matrix.values.size())};
  for (std::size_t row = 0; row < matrix.rows; ++row) {
    for (std::size_t column = 0; column < matrix.columns; ++column) {
      out.values[column * matrix.rows + row] = matrix.values[row * matrix.columns + column];
    }
  }
  return out;
}

template <typename Real>
[[nodiscard]] Matrix<Real> product(const Matrix<Real>& left, const Matrix<Real>& right, const std::string& what) {
  if (left.columns != right.rows) {
    throw UpdateRefused(fmt::format("{}: {} x {} and {} x {} cannot be multiplied", what, left.rows, left.columns, right.rows, right.columns));
  }
  Matrix<Real> out{left.rows, right.columns, std::vector<Real>(left.rows * right.columns)};
  numeric::add_product(std::span<const Real>(left.values), std::span<const Real>(right.values), left.columns, right.columns, std::span(out.values));
  return out;
}

template <typename Real>
void scale_by(Matrix<Real>& matrix, Real factor) {
  for (auto& value : matrix.values) {
    value *= factor;
  }
}

/// Tucker: out[a][i, k] = sum over b of core[a][b][k] * down[b][i], for a core of r x r x kernel.
template <typename Real>
[[nodiscard]] Matrix<Real> through_core(const PartValues<Real>& core, const Matrix<Real>& down, const std::string& role) {
  if (core.shape.size() < 3 || core.shape[1] != down.rows) {
    throw UpdateRefused(role + " is " + shown(core.shape) + ", which does not fit a half of " + fmt::format("{} x {}", down.rows, down.columns));
  }
  const auto rank = static_cast<std::size_t>(core.shape[0]);
  const auto kernel = core.values.size() / (rank * down.rows);
  Matrix<Real> out{rank, down.columns * kernel, std::vector<Real>(rank * down.columns * kernel)};
  for (std::size_t a = 0; a < rank; ++a) {
    for (std::size_t b = 0; b < down.rows; ++b) {
      const Real* weights = core.values.data() + (a * down.rows + b) * kernel;
      for (std::size_t i = 0; i < down.columns; ++i) {
        for (std::size_t k = 0; k < kernel; ++k) {
          out.values[(a * down.columns + i) * kernel + k] += weights[k] * down.values[b * down.columns + i];
        }
      }
    }
  }
  return out;
}

[[nodiscard]] inline bool has(const AdapterModule& module, const std::string& role) { return !module.part(role).empty(); }

}  // namespace upinspect::lora
