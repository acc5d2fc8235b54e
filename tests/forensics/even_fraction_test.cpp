// SPDX-License-Identifier: Apache-2.0
#include "forensics/even_fraction.hpp"

#include "forensics/binade_planes.hpp"
#include "forensics/on_a_grid.hpp"
#include "lowbits/even_file.hpp"
#include "numeric/load.hpp"
#include "support/catch.hpp"
#include "support/noise.hpp"

#include <random>

using namespace upinspect;
using namespace upinspect::forensics;

namespace {

template <typename Distribution>
std::vector<float> drawn(Distribution distribution, std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  std::generate(values.begin(), values.end(), [&] { return static_cast<float>(distribution(random)); });
  return values;
}

std::vector<std::byte> bytes_of(std::span<const float> values) {
  std::vector<std::byte> bytes(values.size() * 4);
  for (std::size_t i = 0; i < values.size(); ++i) {
    numeric::store_le(values[i], bytes.data() + 4 * i);
  }
  return bytes;
}

std::vector<std::byte> trained(std::size_t count, unsigned seed) { return bytes_of(drawn(std::normal_distribution<double>(0, 0.02), count, seed)); }

/// Random bits in the `bits` lowest of `count` elements from `first` on.
void fill(std::vector<std::byte>& bytes, unsigned bits, std::size_t first, std::size_t count) {
  const auto random = test::noise(4 * count, bits + 100);
  const auto mask = (std::uint32_t{1} << bits) - 1;
  for (std::size_t i = 0; i < count; ++i) {
    auto* element = bytes.data() + 4 * (first + i);
    const auto old = numeric::load_le<std::uint32_t>(element);
    numeric::store_le((old & ~mask) | (numeric::load_le<std::uint32_t>(random.data() + 4 * i) & mask), element);
  }
}

std::optional<EvenFraction> judged(const std::vector<std::byte>& bytes) { return even_fraction({bytes, 4}, bytes.size() / 4); }

TensorPlanes planes_of(const std::vector<std::byte>& bytes) {
  TensorPlanes tensor;
  tensor.dtype = "F32";
  tensor.provenance = Provenance::native;
  tensor.counted = tensor.elements = bytes.size() / 4;
  std::array<std::uint64_t, 32> ones{};
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    for (unsigned bit = 0; bit < 32; ++bit) {
      ones[bit] += numeric::load_le<std::uint32_t>(bytes.data() + i) >> bit & 1U;
    }
  }
  tensor.planes = judge_planes(ones, tensor.counted, 23);
  if (!is_trained(tensor.planes, 23, tensor.counted)) {
    tensor.explanations.emplace_back("not-trained");
  }
  return tensor;
}

}  // namespace

TEST_CASE("A fraction that is random to its highest bit shows in some fifteen hundred numbers") {
  auto bytes = trained(60'000, 1);
  CHECK_FALSE(judged(bytes));
  fill(bytes, 23, 31'000, 1'800);
  const auto even = judged(bytes);
  REQUIRE(even);
  CHECK(even->bits == 23);
  CHECK((even->where.first > 30'700 && even->where.last < 33'100));
}

TEST_CASE("Of what MSB reservation writes the exponents' lowest bit is even, too") {
  auto bytes = trained(60'000, 2);
  fill(bytes, 24, 12'345, 2'048);
  const auto even = judged(bytes);
  REQUIRE(even);
  CHECK(even->bits == 24);
}

TEST_CASE("Uniform numbers have even fractions for an honest reason") {
  for (const auto edge : {0.25, 0.2, 0.125, 0.24}) {
    const auto values = drawn(std::uniform_real_distribution<double>(-edge, edge), 6'000, 3);
    CHECK_FALSE(judged(bytes_of(values)));
    Binades binades;
    const auto bytes = bytes_of(values);
    binades.add({bytes, 4}, {0, values.size() - 1});
    CHECK(binades.are_uniform());
  }
  Binades normal;
  const auto bytes = trained(400, 4);
  normal.add({bytes, 4}, {0, 399});
  CHECK_FALSE(normal.are_uniform());
}

TEST_CASE("Tensors that are too small alone show random bits together") {
  LowBits honest;
  LowBits filled;
  Binades all(2);
  for (unsigned i = 0; i < 5; ++i) {
    auto bytes = trained(1'000, 10 + i);
    honest.tensors.push_back(planes_of(bytes));
    fill(bytes, 22, 0, 1'000);
    filled.tensors.push_back(planes_of(bytes));
    Binades one(2);
    one.add({bytes, 4}, {0, 999});
    all.merge(one);
  }
  CHECK(lowbits::maybe_even(honest).empty());
  const auto even = lowbits::maybe_even(filled);
  REQUIRE_FALSE(even.empty());
  CHECK(even.front().top == 2);
  CHECK(even.front().tensors.size() == 5);
  CHECK(all.fractions_are_even());
  // Planes that are even in sum, but not in each binade: a step at every second one.
  Binades uneven(2);
  auto bytes = trained(5'000, 20);
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    const auto pattern = numeric::load_le<std::uint32_t>(bytes.data() + i);
    numeric::store_le((pattern & ~0x200000U) | (pattern >> 23 & 1U) << 21, bytes.data() + i);
  }
  uneven.add({bytes, 4}, {0, 4'999});
  CHECK_FALSE(uneven.fractions_are_even());
}

TEST_CASE("Binades show random bits that the sum of all numbers does not") {
  auto bytes = trained(100'000, 30);
  BinadePlanes honest;
  honest.add({bytes, 4});
  CHECK_FALSE(honest.even());
  for (const unsigned bits : {19U, 20U}) {
    auto filled = bytes;
    fill(filled, bits, 0, 100'000);
    // In pieces, which are tensors of their own.
    BinadePlanes planes;
    for (std::size_t part = 0; part < 4; ++part) {
      BinadePlanes one;
      one.add({std::span(filled).subspan(part * 100'000, 100'000), 4});
      planes.merge(one);
    }
    const auto even = planes.even();
    REQUIRE(even);
    CHECK(even->top == 24 - bits);
    CHECK(even->ratio > 10);
  }
  BinadePlanes nothing;
  nothing.add({std::span<const std::byte>(), 4});
  CHECK_FALSE(nothing.even());
}

TEST_CASE("Numbers of other densities are no fill") {
  BinadePlanes planes;
  for (const auto edge : {0.25, 0.2, 0.13, 0.24}) {
    const auto bytes = bytes_of(drawn(std::uniform_real_distribution<double>(-edge, edge), 40'000, 31));
    planes.add({bytes, 4});
  }
  CHECK_FALSE(planes.even());
  BinadePlanes steep;
  const auto exponential = bytes_of(drawn(std::exponential_distribution<double>(50), 100'000, 32));
  steep.add({exponential, 4});
  CHECK_FALSE(steep.even());
}

TEST_CASE("A dozen neighbours tell a grid from what was written into it") {
  Carrier carrier;
  carrier.width = 4;
  carrier.fraction = 23;
  std::mt19937 random(6);
  std::vector<float> values;
  for (std::size_t row = 0; row < 60; ++row) {
    const auto step = static_cast<float>(std::uniform_real_distribution<double>(1e-4, 3e-4)(random));
    for (std::size_t i = 0; i < 24; ++i) {
      values.push_back(static_cast<float>(std::round(std::normal_distribution<double>(0, 40)(random))) * step);
    }
  }
  carrier.parts.push_back({"w", 0, 0, values.size(), 0, false});
  carrier.bytes = bytes_of(values);
  Field field;
  field.bits = 8;
  CHECK(is_on_a_grid(carrier, field, 48, 95));
  fill(carrier.bytes, 8, 40, 70);
  CHECK_FALSE(is_on_a_grid(carrier, field, 48, 95));
}
