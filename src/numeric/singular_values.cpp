// SPDX-License-Identifier: Apache-2.0
// Householder reflections make the matrix bidiagonal; implicit QR steps with Wilkinson's shift make that diagonal
// (Golub and Van Loan, Matrix Computations, 5.1, 5.4 and 8.6). Rows are contiguous, so that all inner loops are.
#include "numeric/singular_values.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace upinspect::numeric {

namespace {

constexpr std::size_t k_lanes = 8;
constexpr std::size_t k_steps_each = 60;
constexpr int k_most_exponent = 1000;  // smaller numbers than that end up short of 1

/// In lanes, whose order of sums is the same on every processor.
double dot(const double* a, const double* b, std::size_t count) noexcept {
  double lanes[k_lanes] = {};
  std::size_t i = 0;
  for (; i + k_lanes <= count; i += k_lanes) {
    for (std::size_t lane = 0; lane < k_lanes; ++lane) {
      lanes[lane] += a[i + lane] * b[i + lane];
    }
  }
  double sum = 0;
  for (const auto lane : lanes) {
    sum += lane;
  }
  for (; i < count; ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

void add_scaled_row(double factor, const double* from, double* to, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    to[i] += factor * from[i];
  }
}

/// Turns `x` into the vector v of the reflection I - factor v v^T that takes it to (value, 0, 0, …).
struct Reflection {
  double value = 0;
  double factor = 0;
};

Reflection reflect(double* x, std::size_t count) noexcept {
  const double norm = std::sqrt(dot(x, x, count));
  if (norm == 0) {
    return {};
  }
  const double value = x[0] > 0 ? -norm : norm;
  x[0] -= value;
  return {value, -1 / (value * x[0])};  // v^T v = -2 value v[0]
}

/// The working matrix: a reflection from the left needs its column side by side.
class Reducer {
 public:
  Reducer(std::span<double> matrix, std::size_t rows, std::size_t columns)
      : m_matrix(matrix), m_rows(rows), m_columns(columns), m_column(rows), m_products(columns) {}

  /// Takes column k below the diagonal to zero; the diagonal's new value.
  double from_left(std::size_t k) {
    const auto height = m_rows - k;
    const auto rest = m_columns - k - 1;
    for (std::size_t i = 0; i < height; ++i) {
      m_column[i] = row(k + i)[k];
    }
    const auto [value, factor] = reflect(m_column.data(), height);
    std::fill_n(m_products.begin(), rest, 0.0);
    for (std::size_t i = 0; i < height; ++i) {
      add_scaled_row(m_column[i], row(k + i) + k + 1, m_products.data(), rest);
      row(k + i)[k] = 0;
    }
    row(k)[k] = value;
    for (std::size_t i = 0; i < height; ++i) {
      add_scaled_row(-factor * m_column[i], m_products.data(), row(k + i) + k + 1, rest);
    }
    return value;
  }

  /// Takes row k right of the superdiagonal to zero; the superdiagonal's new value.
  double from_right(std::size_t k) {
    const auto width = m_columns - k - 1;
    double* vector = row(k) + k + 1;
    const auto [value, factor] = reflect(vector, width);
    for (std::size_t i = k + 1; i < m_rows; ++i) {
      double* other = row(i) + k + 1;
      add_scaled_row(-factor * dot(vector, other, width), vector, other, width);
    }
    return value;
  }

 private:
  double* row(std::size_t index) { return m_matrix.data() + index * m_columns; }

  std::span<double> m_matrix;
  std::size_t m_rows;
  std::size_t m_columns;
  std::vector<double> m_column;
  std::vector<double> m_products;
};

struct Rotation {
  double cosine = 1;
  double sine = 0;
  double length = 0;
};

/// Takes (a, b) to (length, 0).
Rotation rotation(double a, double b) noexcept {
  if (b == 0) {
    return {1, 0, a};
  }
  const double length = std::sqrt(a * a + b * b);
  return length == 0 ? Rotation{1, 0, a} : Rotation{a / length, b / length, length};
}

/// An upper bidiagonal matrix on its way to a diagonal one. Its numbers are at most about 1.
class Bidiagonal {
 public:
  Bidiagonal(std::vector<double> diagonal, std::vector<double> above) : m_d(std::move(diagonal)), m_e(std::move(above)) {
    for (std::size_t i = 0; i < m_d.size(); ++i) {
      m_norm = std::max(m_norm, std::fabs(m_d[i]) + (i < m_e.size() ? std::fabs(m_e[i]) : 0.0));
    }
  }

  /// False where it does not come to an end.
  bool solve() {
    auto end = m_d.size();
    for (std::size_t steps = 0; end > 1; ++steps) {
      if (steps > k_steps_each * m_d.size()) {
        return false;
      }
      drop_small(end);
      if (m_e[end - 2] == 0) {
        --end;
        continue;
      }
      auto first = end - 1;
      while (first > 0 && m_e[first - 1] != 0) {
        --first;
      }
      if (!split_at_zero(first, end)) {
        step(first, end);
      }
    }
    return true;
  }

  [[nodiscard]] std::vector<double> values() && {
    for (auto& value : m_d) {
      value = std::fabs(value);
    }
    std::sort(m_d.begin(), m_d.end(), std::greater<>());
    return std::move(m_d);
  }

 private:
  static constexpr double k_epsilon = std::numeric_limits<double>::epsilon();

  void drop_small(std::size_t end) {
    for (std::size_t i = 0; i + 1 < end; ++i) {
      if (std::fabs(m_e[i]) <= k_epsilon * (std::fabs(m_d[i]) + std::fabs(m_d[i + 1])) || std::fabs(m_e[i]) <= k_tiny) {
        m_e[i] = 0;
      }
    }
  }

  /// A zero on the diagonal of the block takes its row, or as the last one its column, out of it.
  bool split_at_zero(std::size_t first, std::size_t end) {
    for (std::size_t k = first; k < end; ++k) {
      if (std::fabs(m_d[k]) > k_epsilon * m_norm * k_zero) {
        continue;
      }
      m_d[k] = 0;
      k + 1 < end ? clear_row(k, end) : clear_column(first, end);
      return true;
    }
    return false;
  }

  void clear_row(std::size_t k, std::size_t end) {
    double rest = m_e[k];
    m_e[k] = 0;
    for (auto i = k + 1; i < end && rest != 0; ++i) {
      const auto turn = rotation(m_d[i], rest);
      m_d[i] = turn.length;
      if (i + 1 < end) {
        rest = -turn.sine * m_e[i];
        m_e[i] *= turn.cosine;
      }
    }
  }

  void clear_column(std::size_t first, std::size_t end) {
    double rest = m_e[end - 2];
    m_e[end - 2] = 0;
    for (auto i = end - 1; i-- > first && rest != 0;) {
      const auto turn = rotation(m_d[i], rest);
      m_d[i] = turn.length;
      if (i > first) {
        rest = -turn.sine * m_e[i - 1];
        m_e[i - 1] *= turn.cosine;
      }
    }
  }

  /// The eigenvalue of the last two by two of B^T B that is nearer to its last number.
  [[nodiscard]] double shift(std::size_t first, std::size_t end) const {
    const double before = end - first > 2 ? m_e[end - 3] : 0.0;
    const double a = m_d[end - 2] * m_d[end - 2] + before * before;
    const double b = m_d[end - 2] * m_e[end - 2];
    const double c = m_d[end - 1] * m_d[end - 1] + m_e[end - 2] * m_e[end - 2];
    const double half = (a - c) / 2;
    const double root = std::sqrt(half * half + b * b);
    const double below = half > 0 ? half + root : half - root;
    return below == 0 ? c : c - b * b / below;
  }

  void step(std::size_t first, std::size_t end) {
    double y = m_d[first] * m_d[first] - shift(first, end);
    double z = m_d[first] * m_e[first];
    for (auto k = first; k + 1 < end; ++k) {
      const auto right = rotation(y, z);
      if (k > first) {
        m_e[k - 1] = right.length;
      }
      const double d = m_d[k];
      m_d[k] = right.cosine * d + right.sine * m_e[k];
      m_e[k] = right.cosine * m_e[k] - right.sine * d;
      const double bulge = right.sine * m_d[k + 1];
      m_d[k + 1] *= right.cosine;
      const auto left = rotation(m_d[k], bulge);
      m_d[k] = left.length;
      const double e = m_e[k];
      m_e[k] = left.cosine * e + left.sine * m_d[k + 1];
      m_d[k + 1] = left.cosine * m_d[k + 1] - left.sine * e;
      y = m_e[k];
      if (k + 2 < end) {
        z = left.sine * m_e[k + 1];
        m_e[k + 1] *= left.cosine;
      }
    }
  }

  static constexpr double k_tiny = 1e-150;  ///< what the squares of a step would lose
  static constexpr double k_zero = 0.125;

  std::vector<double> m_d;
  std::vector<double> m_e;
  double m_norm = 0;
};

std::vector<double> transposed(const std::vector<double>& matrix, std::size_t rows, std::size_t columns) {
  std::vector<double> out(matrix.size());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      out[j * rows + i] = matrix[i * columns + j];
    }
  }
  return out;
}

}  // namespace

void triangularise(std::span<double> matrix, std::size_t rows, std::size_t columns) {
  Reducer reducer(matrix, rows, columns);
  for (std::size_t k = 0; k < std::min(rows, columns); ++k) {
    reducer.from_left(k);
  }
}

std::vector<double> singular_values(std::vector<double> matrix, std::size_t rows, std::size_t columns) {
  if (rows < columns) {
    matrix = transposed(matrix, rows, columns);
    std::swap(rows, columns);
  }
  double largest = 0;
  for (const auto value : matrix) {
    largest = std::max(largest, std::fabs(value));
  }
  if (columns == 0 || largest == 0) {
    return std::vector<double>(columns);
  }
  // By a power of two, which rounds nothing.
  const double unit = std::ldexp(1.0, std::min(-std::ilogb(largest), k_most_exponent));
  for (auto& value : matrix) {
    value *= unit;
  }
  if (rows > columns) {
    triangularise(matrix, rows, columns);
    matrix.resize(columns * columns);
  }
  Reducer reducer(matrix, columns, columns);
  std::vector<double> diagonal(columns);
  std::vector<double> above(columns - 1);
  for (std::size_t k = 0; k < columns; ++k) {
    diagonal[k] = reducer.from_left(k);
    if (k + 1 < columns) {
      above[k] = reducer.from_right(k);
    }
  }
  Bidiagonal bidiagonal(std::move(diagonal), std::move(above));
  if (!bidiagonal.solve()) {
    return {};
  }
  auto values = std::move(bidiagonal).values();
  for (auto& value : values) {
    value /= unit;
  }
  return values;
}

}  // namespace upinspect::numeric
