// SPDX-License-Identifier: Apache-2.0
// A strip of b, some columns wide, is copied side by side and then used by all rows, four at a time: it stays in the
// cache, and each of its numbers that is loaded takes part in four products.
#include "numeric/products.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace upinspect::numeric {

namespace {

#define UPINSPECT_INLINE inline __attribute__((always_inline))

constexpr std::size_t k_register_bytes = 64;  // the widest; narrower processors take several
constexpr std::size_t k_registers = 4;        // of a strip
constexpr std::size_t k_rows = 4;

template <typename Real>
struct Vector {
  using Type __attribute__((vector_size(k_register_bytes))) = Real;
};

template <typename Real>
inline constexpr std::size_t k_width = k_register_bytes / sizeof(Real);
template <typename Real>
inline constexpr std::size_t k_strip = k_width<Real>* k_registers;

template <typename Real>
struct Product {
  const Real* a;
  const Real* b;
  Real* out;
  std::size_t rows;
  std::size_t inner;
  std::size_t columns;
};

/// One register's width of `rows` rows of the product.
template <std::size_t rows, typename Real>
UPINSPECT_INLINE void add_cell(const Product<Real>& product, std::size_t row, const Real* strip, Real* out) {
  using Register = typename Vector<Real>::Type;
  const auto inner = product.inner;
  const Real* a = product.a + row * inner;
  Register sums[rows] = {};
  for (std::size_t k = 0; k < inner; ++k) {
    Register values;
    std::memcpy(&values, strip + k * k_strip<Real>, sizeof values);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < rows; ++r) {
      sums[r] += a[r * inner + k] * values;
    }
  }
#pragma GCC unroll 4
  for (std::size_t r = 0; r < rows; ++r) {
    Register there;
    std::memcpy(&there, out + r * product.columns, sizeof there);
    there += sums[r];
    std::memcpy(out + r * product.columns, &there, sizeof there);
  }
}

template <typename Real>
UPINSPECT_INLINE void add_strip(const Product<Real>& product, std::size_t column, std::size_t registers, const Real* strip) {
  std::size_t row = 0;
  for (; row + k_rows <= product.rows; row += k_rows) {
    for (std::size_t i = 0; i < registers; ++i) {
      const auto shift = i * k_width<Real>;
      add_cell<k_rows>(product, row, strip + shift, product.out + row * product.columns + column + shift);
    }
  }
  for (; row < product.rows; ++row) {
    for (std::size_t i = 0; i < registers; ++i) {
      const auto shift = i * k_width<Real>;
      add_cell<1>(product, row, strip + shift, product.out + row * product.columns + column + shift);
    }
  }
}

/// The columns that fill no register, in the same order of sums.
template <typename Real>
UPINSPECT_INLINE void add_rest(const Product<Real>& product, std::size_t first) {
  for (std::size_t row = 0; row < product.rows; ++row) {
    for (std::size_t column = first; column < product.columns; ++column) {
      Real sum = 0;
      for (std::size_t k = 0; k < product.inner; ++k) {
        sum += product.a[row * product.inner + k] * product.b[k * product.columns + column];
      }
      product.out[row * product.columns + column] += sum;
    }
  }
}

template <typename Real>
UPINSPECT_INLINE void add_all(const Product<Real>& product, Real* strip) {
  std::size_t column = 0;
  while (product.columns - column >= k_width<Real>) {
    const auto registers = std::min((product.columns - column) / k_width<Real>, k_registers);
    const auto length = registers * k_width<Real>;
    for (std::size_t k = 0; k < product.inner; ++k) {
      std::memcpy(strip + k * k_strip<Real>, product.b + k * product.columns + column, length * sizeof(Real));
    }
    add_strip(product, column, registers, strip);
    column += length;
  }
  add_rest(product, column);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void add_avx2(const Product<float>& product, float* strip) { add_all(product, strip); }
__attribute__((target("avx2"))) void add_avx2(const Product<double>& product, double* strip) { add_all(product, strip); }
__attribute__((target("avx512f,avx512dq,avx512vl"))) void add_avx512(const Product<float>& product, float* strip) { add_all(product, strip); }
__attribute__((target("avx512f,avx512dq,avx512vl"))) void add_avx512(const Product<double>& product, double* strip) { add_all(product, strip); }
#endif

template <typename Real>
void add(const Product<Real>& product) {
  if (product.rows == 0 || product.columns == 0 || product.inner == 0) {
    return;
  }
  std::vector<Real> strip(product.inner * k_strip<Real>);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return add_avx512(product, strip.data());
  }
  if (__builtin_cpu_supports("avx2")) {
    return add_avx2(product, strip.data());
  }
#endif
  add_all(product, strip.data());
}

/// Magnitudes compare as the integers that their bits are; infinity and NaN are the largest of them.
template <typename Real, typename Value>
Real largest_of(std::size_t count, const Value& value) noexcept {
  using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits k_magnitude = ~Bits{0} >> 1;
  Bits most = 0;
  for (std::size_t i = 0; i < count; ++i) {
    most = std::max(most, static_cast<Bits>(std::bit_cast<Bits>(value(i)) & k_magnitude));
  }
  return std::bit_cast<Real>(most);
}

template <typename Real>
Real difference_of(std::span<const Real> a, std::span<const Real> b) noexcept {
  const Real* left = a.data();
  const Real* right = b.data();
  return largest_of<Real>(std::min(a.size(), b.size()), [left, right](std::size_t i) { return left[i] - right[i]; });
}

template <typename Real>
Product<Real> product_of(std::span<const Real> a, std::span<const Real> b, std::size_t inner, std::size_t columns, std::span<Real> out) {
  const auto rows = columns == 0 || inner == 0 ? 0 : std::min(a.size() / inner, out.size() / columns);
  return {a.data(), b.data(), out.data(), b.size() < inner * columns ? 0 : rows, inner, columns};
}

}  // namespace

void add_product(std::span<const float> a, std::span<const float> b, std::size_t inner, std::size_t columns, std::span<float> out) {
  add(product_of(a, b, inner, columns, out));
}

void add_product(std::span<const double> a, std::span<const double> b, std::size_t inner, std::size_t columns, std::span<double> out) {
  add(product_of(a, b, inner, columns, out));
}

float largest(std::span<const float> values) noexcept {
  return largest_of<float>(values.size(), [data = values.data()](std::size_t i) { return data[i]; });
}

double largest(std::span<const double> values) noexcept {
  return largest_of<double>(values.size(), [data = values.data()](std::size_t i) { return data[i]; });
}

float largest_difference(std::span<const float> a, std::span<const float> b) noexcept { return difference_of(a, b); }
double largest_difference(std::span<const double> a, std::span<const double> b) noexcept { return difference_of(a, b); }

}  // namespace upinspect::numeric
