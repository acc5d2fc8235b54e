// SPDX-License-Identifier: Apache-2.0
// A strip of b, some columns wide, is copied side by side and then used by all rows, four at a time: it stays in the
// cache, and each of its numbers that is loaded takes part in four products.
#include "numeric/products.hpp"

#include "numeric/instruction_set.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

namespace upinspect::numeric {

namespace {

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
UPINSPECT_FOR_AVX2 void add_avx2(const Product<float>& product, float* strip) { add_all(product, strip); }
UPINSPECT_FOR_AVX2 void add_avx2(const Product<double>& product, double* strip) { add_all(product, strip); }
UPINSPECT_FOR_AVX512 void add_avx512(const Product<float>& product, float* strip) { add_all(product, strip); }
UPINSPECT_FOR_AVX512 void add_avx512(const Product<double>& product, double* strip) { add_all(product, strip); }
#endif

template <typename Real>
void add(const Product<Real>& product) {
  if (product.rows == 0 || product.columns == 0 || product.inner == 0) {
    return;
  }
  std::vector<Real> strip(product.inner * k_strip<Real>);
#if defined(__x86_64__)
  switch (instruction_set()) {
    case InstructionSet::avx512: return add_avx512(product, strip.data());
    case InstructionSet::avx2: return add_avx2(product, strip.data());
    case InstructionSet::plain: break;
  }
#endif
  add_all(product, strip.data());
}

/// Magnitudes compare as the integers that their bits are; infinity and NaN are the largest of them. Signed ones, for most
/// processors compare no others.
template <typename Real>
struct Pair {
  const Real* left;
  const Real* right;  ///< null for the numbers of `left` themselves
  std::size_t count;
};

template <typename Real>
UPINSPECT_INLINE Real largest_of(const Pair<Real>& pair) noexcept {
  using Bits = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;
  constexpr Bits k_magnitude = std::numeric_limits<Bits>::max();
  Bits most = 0;
  if (pair.right == nullptr) {
    for (std::size_t i = 0; i < pair.count; ++i) {
      most = std::max(most, std::bit_cast<Bits>(pair.left[i]) & k_magnitude);
    }
  } else {
    for (std::size_t i = 0; i < pair.count; ++i) {
      most = std::max(most, std::bit_cast<Bits>(pair.left[i] - pair.right[i]) & k_magnitude);
    }
  }
  return std::bit_cast<Real>(most);
}

#if defined(__x86_64__)
UPINSPECT_FOR_AVX2 float largest_avx2(const Pair<float>& pair) noexcept { return largest_of(pair); }
UPINSPECT_FOR_AVX2 double largest_avx2(const Pair<double>& pair) noexcept { return largest_of(pair); }
UPINSPECT_FOR_AVX512 float largest_avx512(const Pair<float>& pair) noexcept { return largest_of(pair); }
UPINSPECT_FOR_AVX512 double largest_avx512(const Pair<double>& pair) noexcept { return largest_of(pair); }
#endif

template <typename Real>
Real largest_in(const Pair<Real>& pair) noexcept {
#if defined(__x86_64__)
  switch (instruction_set()) {
    case InstructionSet::avx512: return largest_avx512(pair);
    case InstructionSet::avx2: return largest_avx2(pair);
    case InstructionSet::plain: break;
  }
#endif
  return largest_of(pair);
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

float largest(std::span<const float> values) noexcept { return largest_in<float>({values.data(), nullptr, values.size()}); }
double largest(std::span<const double> values) noexcept { return largest_in<double>({values.data(), nullptr, values.size()}); }

float largest_difference(std::span<const float> a, std::span<const float> b) noexcept {
  return a.empty() || b.empty() ? 0.0F : largest_in<float>({a.data(), b.data(), std::min(a.size(), b.size())});
}
double largest_difference(std::span<const double> a, std::span<const double> b) noexcept {
  return a.empty() || b.empty() ? 0.0 : largest_in<double>({a.data(), b.data(), std::min(a.size(), b.size())});
}

}  // namespace upinspect::numeric
