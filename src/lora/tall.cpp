// SPDX-License-Identifier: Apache-2.0
// Cholesky QR: G = S^T S = R^T R takes half the work of Householder's reflections and runs at the speed of products, but
// squares the condition. Features are scaled to length 1 first; how well that conditions R is then computed, not guessed.
#include "lora/tall.hpp"

#include "lora/matrix.hpp"
#include "numeric/singular_values.hpp"

#include <algorithm>
#include <cmath>

namespace upinspect::lora {

namespace {

/// Bound of the sum of squares of R^-1, for features of length 1: what rounding did to G then counts ten digits down.
constexpr double k_most_inverse = 1e6;
constexpr double k_least_pivot = 1 / k_most_inverse;
/// Samples that are decoded in one go: whole pieces of the Gram matrix, so that sums do not depend on where they come from.
constexpr std::size_t k_view_samples = 4 * numeric::Gram::k_samples;

struct Equilibrated {
  Matrix<double> gram;
  std::vector<double> lengths;
};

Equilibrated equilibrated(std::size_t width, std::vector<double> gram) {
  Equilibrated out{{width, width, std::move(gram)}, std::vector<double>(width)};
  auto& values = out.gram.values;
  for (std::size_t i = 0; i < width; ++i) {
    out.lengths[i] = std::sqrt(values[i * width + i]);
    if (!std::isfinite(out.lengths[i])) {
      throw UpdateRefused("its values are not all finite, or too large to be measured");
    }
  }
  for (std::size_t i = 0; i < width; ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      const double lengths = out.lengths[i] * out.lengths[j];
      auto& value = values[i * width + j];
      value = i == j ? 1 : lengths > 0 ? value / lengths : 0;
    }
  }
  return out;
}

/// Upper factor in place; false where a pivot is too small to be trusted.
bool factorise(Matrix<double>& matrix) {
  const auto width = matrix.rows;
  const auto row = [&](std::size_t i) { return matrix.values.data() + i * width; };
  for (std::size_t k = 0; k < width; ++k) {
    const double pivot = row(k)[k];
    if (!(pivot > k_least_pivot)) {
      return false;
    }
    const double root = std::sqrt(pivot);
    std::fill_n(row(k), k, 0.0);
    for (auto j = k; j < width; ++j) {
      row(k)[j] /= root;
    }
    for (auto i = k + 1; i < width; ++i) {
      const double factor = row(k)[i];
      for (auto j = i; j < width; ++j) {
        row(i)[j] -= factor * row(k)[j];
      }
    }
  }
  return true;
}

/// Rows of the inverse of an upper triangular matrix, from the last to the first.
double squares_of_inverse(const Matrix<double>& upper) {
  const auto width = upper.rows;
  std::vector<double> inverse(width * width);
  const auto row = [&](std::size_t i) { return inverse.data() + i * width; };
  double sum = 0;
  for (auto i = width; i-- > 0;) {
    const double* factors = upper.values.data() + i * width;
    row(i)[i] = 1;
    for (auto k = i + 1; k < width; ++k) {
      for (auto j = k; j < width; ++j) {
        row(i)[j] -= factors[k] * row(k)[j];
      }
    }
    for (auto j = i; j < width; ++j) {
      row(i)[j] /= factors[i];
      sum += row(i)[j] * row(i)[j];
    }
  }
  return sum;
}

std::optional<Matrix<double>> from_gram(std::size_t width, std::vector<double> gram) {
  auto [upper, lengths] = equilibrated(width, std::move(gram));
  if (!factorise(upper) || !(squares_of_inverse(upper) <= k_most_inverse)) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < width; ++i) {
    for (auto j = i; j < width; ++j) {
      upper.values[i * width + j] *= lengths[j];
    }
  }
  return std::move(upper);
}

/// A stack of the factor so far and as many samples as fit below it, reduced whenever it is full.
class Stack {
 public:
  explicit Stack(std::size_t width)
      : m_width(width), m_rows(width + std::max(width, numeric::Gram::k_samples)), m_filled(width), m_values(m_rows * width) {}

  void add(const numeric::SampleBlock& block) {
    for (std::size_t s = 0; s < block.samples; ++s) {
      if (m_filled == m_rows) {
        reduce();
      }
      double* row = m_values.data() + m_filled++ * m_width;
      for (std::size_t f = 0; f < m_width; ++f) {
        row[f] = block.values[s * block.sample_stride + f * block.feature_stride];
      }
    }
  }

  [[nodiscard]] Matrix<double> factor() && {
    reduce();
    m_values.resize(m_width * m_width);
    return {m_width, m_width, std::move(m_values)};
  }

 private:
  void reduce() {
    numeric::triangularise(std::span(m_values).first(m_filled * m_width), m_filled, m_width);
    m_filled = m_width;
  }

  std::size_t m_width;
  std::size_t m_rows;
  std::size_t m_filled;
  std::vector<double> m_values;
};

}  // namespace

Samples rows_of(const Matrix<double>& matrix) { return rows_of(matrix, 0, matrix.rows); }

Samples rows_of(const Matrix<double>& matrix, std::size_t first, std::size_t count) {
  return [&matrix, first, count](const auto& sink) { sink({matrix.from(first, count).data(), count, matrix.columns, 1}); };
}

Samples columns_of(const Matrix<double>& matrix) {
  return [&matrix](const auto& sink) { sink({matrix.values.data(), matrix.columns, 1, matrix.columns}); };
}

Sides sides_of(const PartView& view, const std::string& role) {
  const auto elements = std::accumulate(view.shape.begin(), view.shape.end(), std::size_t{1}, std::multiplies<>());
  if (view.shape.size() < 2 || elements == 0) {
    throw UpdateRefused(role + " is " + shown(view.shape) + ", no matrix");
  }
  const auto rows = static_cast<std::size_t>(view.shape[0]);
  return {rows, elements / rows};
}

Samples rows_of(const PartView& view, const Sides& sides) {
  return [&view, sides](const auto& sink) {
    std::vector<double> block(std::min(k_view_samples, sides.rows) * sides.columns);
    for (std::size_t row = 0; row < sides.rows; row += k_view_samples) {
      const auto count = std::min(k_view_samples, sides.rows - row);
      view.read(row * sides.columns, std::span(block).first(count * sides.columns));
      sink({block.data(), count, sides.columns, 1});
    }
  };
}

Samples columns_of(const PartView& view, const Sides& sides) {
  return [&view, sides](const auto& sink) {
    const auto most = std::min(k_view_samples, sides.columns);
    std::vector<double> block(most * sides.rows);
    for (std::size_t column = 0; column < sides.columns; column += most) {
      const auto count = std::min(most, sides.columns - column);
      for (std::size_t row = 0; row < sides.rows; ++row) {
        view.read(row * sides.columns + column, std::span(block).subspan(row * most, count));
      }
      sink({block.data(), count, 1, most});
    }
  };
}

Matrix<double> upper_factor(std::size_t width, const Samples& samples) {
  numeric::Gram gram(width);
  samples([&gram](const numeric::SampleBlock& block) { gram.add(block); });
  if (auto factor = from_gram(width, gram.matrix())) {
    return *std::move(factor);
  }
  Stack stack(width);
  samples([&stack](const numeric::SampleBlock& block) { stack.add(block); });
  return std::move(stack).factor();
}

}  // namespace upinspect::lora
