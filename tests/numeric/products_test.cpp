// SPDX-License-Identifier: Apache-2.0
#include "numeric/products.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace upinspect;

namespace {

/// Numbers of all sizes; the same on every run.
template <typename Real>
std::vector<Real> numbers(std::size_t count, std::uint64_t seed) {
  std::vector<Real> out(count);
  for (auto& value : out) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    value = static_cast<Real>(static_cast<double>(seed >> 40) / 16777216.0 - 0.5);
  }
  return out;
}

/// Term by term, as the header promises.
template <typename Real>
void add_by_the_book(const std::vector<Real>& a, const std::vector<Real>& b, std::size_t inner, std::size_t columns, std::vector<Real>& out) {
  for (std::size_t row = 0; row < out.size() / columns; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      volatile Real sum = 0;
      for (std::size_t k = 0; k < inner; ++k) {
        const volatile Real term = a[row * inner + k] * b[k * columns + column];
        sum = sum + term;
      }
      out[row * columns + column] += sum;
    }
  }
}

template <typename Real>
void hold_against_the_book() {
  for (const std::size_t rows : {1U, 3U, 4U, 5U, 9U}) {
    for (const std::size_t inner : {1U, 2U, 17U}) {
      for (const std::size_t columns : {1U, 7U, 8U, 16U, 63U, 64U, 65U, 200U}) {
        const auto a = numbers<Real>(rows * inner, rows);
        const auto b = numbers<Real>(inner * columns, columns);
        auto wanted = numbers<Real>(rows * columns, inner);
        auto got = wanted;
        add_by_the_book(a, b, inner, columns, wanted);
        numeric::add_product(std::span<const Real>(a), std::span<const Real>(b), inner, columns, std::span(got));
        INFO(rows << " x " << inner << " x " << columns);
        CHECK(got == wanted);
      }
    }
  }
}

}  // namespace

TEST_CASE("a product is the sum of its terms in order, bit for bit, whatever the instructions") {
  hold_against_the_book<float>();
  hold_against_the_book<double>();
}

TEST_CASE("a product of nothing adds nothing") {
  std::vector<float> out{1, 2};
  numeric::add_product(std::span<const float>(), std::span<const float>(), 0, 2, std::span(out));
  CHECK(out == std::vector<float>{1, 2});
}

TEST_CASE("the largest magnitude sees infinities and NaN") {
  const std::vector<double> a{1, -7, 0.5};
  const std::vector<double> b{1, -7, 2.5};
  CHECK(numeric::largest(std::span<const double>(a)) == 7);
  CHECK(numeric::largest_difference(std::span<const double>(a), std::span<const double>(b)) == 2);
  const std::vector<float> infinite{1, -std::numeric_limits<float>::infinity()};
  CHECK(std::isinf(numeric::largest(std::span<const float>(infinite))));
  CHECK(std::isnan(numeric::largest_difference(std::span<const float>(infinite), std::span<const float>(infinite))));
  CHECK(numeric::largest(std::span<const float>()) == 0);
}
