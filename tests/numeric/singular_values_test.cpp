// SPDX-License-Identifier: Apache-2.0
#include "numeric/singular_values.hpp"

#include "numeric/samples.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace upinspect;

namespace {

void check_close(const std::vector<double>& got, const std::vector<double>& wanted, double margin) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("value " << i << ": " << got[i] << ", wanted " << wanted[i]);
    CHECK(std::fabs(got[i] - wanted[i]) <= margin);
  }
}

/// One reflection from either side, which changes no singular value: row and column vectors are fixed.
std::vector<double> hidden(std::vector<double> matrix, std::size_t rows, std::size_t columns, std::uint64_t seed) {
  const auto turn = [](const std::vector<double>& v, auto at, std::size_t lines) {
    double length = 0;
    for (const auto x : v) {
      length += x * x;
    }
    for (std::size_t line = 0; line < lines; ++line) {
      double sum = 0;
      for (std::size_t i = 0; i < v.size(); ++i) {
        sum += v[i] * at(i, line);
      }
      for (std::size_t i = 0; i < v.size(); ++i) {
        at(i, line) -= 2 * sum / length * v[i];
      }
    }
  };
  turn(test::numbers(rows, seed), [&](std::size_t i, std::size_t j) -> double& { return matrix[i * columns + j]; }, columns);
  turn(test::numbers(columns, seed + 1), [&](std::size_t j, std::size_t i) -> double& { return matrix[i * columns + j]; }, rows);
  return matrix;
}

}  // namespace

TEST_CASE("singular values that are known come back") {
  for (const std::size_t rows : {1U, 2U, 5U, 33U}) {
    for (const std::size_t columns : {1U, 2U, 5U, 40U}) {
      const auto count = std::min(rows, columns);
      std::vector<double> wanted(count);
      std::vector<double> matrix(rows * columns);
      for (std::size_t i = 0; i < count; ++i) {
        wanted[i] = std::pow(0.5, static_cast<double>(i));
        matrix[i * columns + i] = wanted[i];
      }
      INFO(rows << " x " << columns);
      check_close(numeric::singular_values(hidden(matrix, rows, columns, rows + columns), rows, columns), wanted, 1e-14);
    }
  }
}

TEST_CASE("zeros, repeats and a bidiagonal with a zero inside come to an end") {
  check_close(numeric::singular_values(std::vector<double>(12), 3, 4), {0, 0, 0}, 0);
  check_close(numeric::singular_values({2, 0, 0, 0, 2, 0, 0, 0, 2}, 3, 3), {2, 2, 2}, 1e-15);
  const double root = std::sqrt(2.0);
  check_close(numeric::singular_values({1, 1, 0, 0, 0, 1, 0, 0, 1}, 3, 3), {root, root, 0}, 1e-14);
  check_close(numeric::singular_values({1, 1, 0, 0, 1, 1, 0, 0, 0}, 3, 3), {std::sqrt(3.0), 1, 0}, 1e-14);
  CHECK(numeric::singular_values({}, 0, 0).empty());
}

TEST_CASE("the largest and the smallest numbers neither overflow nor vanish") {
  const double big = std::numeric_limits<double>::max() / 4;
  check_close(numeric::singular_values({big, 0, 0, big / 2}, 2, 2), {big, big / 2}, big * 1e-15);
  check_close(numeric::singular_values({1e-310, 0, 0, 2e-310}, 2, 2), {2e-310, 1e-310}, 1e-320);
}

TEST_CASE("the squares of singular values add up to those of the elements") {
  for (const std::size_t size : {3U, 16U, 57U, 130U}) {
    const auto matrix = test::numbers(size * (size + 3), size);
    double wanted = 0;
    for (const auto value : matrix) {
      wanted += value * value;
    }
    double got = 0;
    for (const auto value : numeric::singular_values(matrix, size, size + 3)) {
      got += value * value;
    }
    CHECK(got == Approx(wanted).epsilon(1e-13));
  }
}

TEST_CASE("QR leaves a triangle with the same inner products") {
  constexpr std::size_t k_rows = 20;
  constexpr std::size_t k_columns = 6;
  const auto matrix = test::numbers(k_rows * k_columns, 3);
  auto upper = matrix;
  numeric::triangularise(upper, k_rows, k_columns);
  for (std::size_t i = 0; i < k_columns; ++i) {
    for (std::size_t j = 0; j < k_columns; ++j) {
      double before = 0;
      double after = 0;
      for (std::size_t k = 0; k < k_rows; ++k) {
        before += matrix[k * k_columns + i] * matrix[k * k_columns + j];
        after += upper[k * k_columns + i] * upper[k * k_columns + j];
      }
      CHECK(after == Approx(before).margin(1e-14));
    }
  }
  for (std::size_t row = 1; row < k_rows; ++row) {
    for (std::size_t column = 0; column < std::min(row, k_columns); ++column) {
      CHECK(upper[row * k_columns + column] == 0);
    }
  }
}
