// SPDX-License-Identifier: Apache-2.0
#include "forensics/even_fraction.hpp"

#include "forensics/on_a_grid.hpp"
#include "numeric/load.hpp"
#include "support/catch.hpp"
#include "support/drawn.hpp"

#include <cmath>
#include <random>

using namespace upinspect;
using namespace upinspect::forensics;
using namespace upinspect::test;

namespace {

std::optional<EvenFraction> judged(const std::vector<std::byte>& bytes) { return even_fraction(StretchSearch({bytes, 4}, bytes.size() / 4)); }

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

TEST_CASE("Fractions are not even that are so in sum alone") {
  Binades uneven;
  auto bytes = trained(5'000, 20);
  // A step at every second exponent.
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    const auto pattern = numeric::load_le<std::uint32_t>(bytes.data() + i);
    numeric::store_le((pattern & ~0x200000U) | (pattern >> 23 & 1U) << 21, bytes.data() + i);
  }
  uneven.add({bytes, 4}, {0, 4'999});
  CHECK_FALSE(uneven.fractions_are_even());
}

TEST_CASE("Numbers whose small ones were cut off are known") {
  auto values = drawn(std::normal_distribution<double>(0, 0.02), 500, 21);
  const auto judge = [&values] {
    Binades binades;
    const auto bytes = bytes_of(values);
    binades.add({bytes, 4}, {0, values.size() - 1});
    return binades.are_cut_off();
  };
  CHECK_FALSE(judge());
  values.erase(std::remove_if(values.begin(), values.end(), [](float value) { return std::fabs(value) < 0.013F; }), values.end());
  CHECK(judge());
  values = drawn(std::normal_distribution<double>(0, 0.02), 500, 22);
  std::fill_n(values.begin(), 60, 0.0F);
  CHECK(judge());
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
