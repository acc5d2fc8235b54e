// SPDX-License-Identifier: Apache-2.0
#include "numeric/instruction_set.hpp"
#include "numeric/encode.hpp"
#include "numeric/gram.hpp"
#include "numeric/products.hpp"
#include "numeric/values.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace upinspect;

namespace {

/// Numbers of many sizes, among them those that need care: halfway cases, subnormals, infinities and NaN where asked for.
template <typename Real>
std::vector<Real> numbers(std::size_t count, bool specials) {
  std::vector<Real> out(count);
  std::uint32_t state = 12345;
  for (auto& value : out) {
    state = state * 1664525 + 1013904223;
    const auto exponent = static_cast<int>(state >> 8 & 31) - 24;
    value = static_cast<Real>(std::ldexp(static_cast<double>(state >> 13) - 262144, exponent - 18));
  }
  if (specials) {
    out[1] = std::numeric_limits<Real>::infinity();
    out[2] = -std::numeric_limits<Real>::quiet_NaN();
    out[3] = static_cast<Real>(65520);
    out[4] = static_cast<Real>(0x1p-25);
    out[5] = static_cast<Real>(-0.0);
  }
  return out;
}

template <typename Real>
std::vector<std::byte> raw_bytes_of(const std::vector<Real>& values) {
  std::vector<std::byte> out(values.size() * sizeof(Real));
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

/// What one set makes of everything, as bytes.
template <typename Real>
std::vector<std::byte> outcome() {
  constexpr std::size_t k_rows = 7;
  constexpr std::size_t k_inner = 19;
  constexpr std::size_t k_columns = 133;
  const auto a = numbers<Real>(k_rows * k_inner, false);
  const auto b = numbers<Real>(k_inner * k_columns, false);
  auto out = numbers<Real>(k_rows * k_columns, false);
  numeric::add_product(std::span<const Real>(a), std::span<const Real>(b), k_inner, k_columns, std::span(out));
  out.push_back(numeric::largest(std::span<const Real>(b)));
  out.push_back(numeric::largest_difference(std::span<const Real>(b), std::span<const Real>(out)));
  return raw_bytes_of(out);
}

std::vector<std::byte> sums() {
  const auto values = numbers<double>(301 * 21, false);
  numeric::Gram rows(21);
  rows.add({values.data(), 301, 21, 1});
  numeric::Gram columns(21);
  columns.add({values.data(), 301, 1, 301});
  auto all = rows.matrix();
  const auto more = columns.matrix();
  all.insert(all.end(), more.begin(), more.end());
  return raw_bytes_of(all);
}

std::vector<std::byte> converted(Dtype dtype) {
  const auto values = numbers<float>(1003, true);
  std::vector<std::byte> out(values.size() * 2);
  numeric::encode_values(dtype, std::span<const float>(values), out);
  std::vector<double> wide(values.size());
  numeric::decode_values(dtype, out, std::span(wide));
  std::vector<float> back(values.size());
  numeric::decode_values(dtype, out, std::span(back));
  for (const auto& more : {raw_bytes_of(wide), raw_bytes_of(back)}) {
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

struct All {
  std::vector<std::vector<std::byte>> outcomes;

  explicit All(numeric::InstructionSet set) {
    numeric::use_instruction_set(set);
    outcomes = {outcome<float>(), outcome<double>(), sums(), converted(Dtype::f16), converted(Dtype::bf16)};
    numeric::use_instruction_set(numeric::best_instruction_set());
  }
};

}  // namespace

TEST_CASE("every instruction set gives the same bits") {
  const All plain(numeric::InstructionSet::plain);
  for (const auto set : {numeric::InstructionSet::avx2, numeric::InstructionSet::avx512}) {
    if (set <= numeric::best_instruction_set()) {
      CHECK(All(set).outcomes == plain.outcomes);
    }
  }
}
