// SPDX-License-Identifier: Apache-2.0
#include "numeric/value_table.hpp"

#include "numeric/counts.hpp"
#include "numeric/reference.hpp"
#include "numeric/samples.hpp"
#include "support/catch.hpp"

using namespace upinspect;
using namespace upinspect::numeric;

TEST_CASE("Tables of 32 and of 64 bits tell the same") {
  for (const auto dtype : {Dtype::f16, Dtype::bf16, Dtype::i16, Dtype::u16}) {
    std::vector<std::uint32_t> narrow(65536);
    std::mt19937_64 random(2);
    for (auto& count : narrow) {
      count = random() % 3 == 0 ? static_cast<std::uint32_t>(random() % 1000) : 0;
    }
    const std::vector<std::uint64_t> wide(narrow.begin(), narrow.end());
    const auto from_narrow = stats_of_table(dtype, std::span<const std::uint32_t>(narrow));
    const auto from_wide = stats_of_table(dtype, std::span<const std::uint64_t>(wide));
    REQUIRE(from_narrow.tally == from_wide.tally);
    REQUIRE(from_narrow.moments.mean() == from_wide.moments.mean());
    REQUIRE(from_narrow.moments.std() == from_wide.moments.std());
    REQUIRE(from_narrow.moments.l2() == from_wide.moments.l2());
  }
}

TEST_CASE("Counts beyond 32 bits keep their sums") {
  std::vector<std::uint64_t> counts(65536);
  counts[0x3c00] = std::uint64_t{3} << 33;  // 1
  counts[0xc000] = std::uint64_t{1} << 33;  // -2
  const auto stats = stats_of_table(Dtype::f16, std::span<const std::uint64_t>(counts));
  REQUIRE(stats.moments.count() == std::uint64_t{1} << 35);
  REQUIRE(stats.moments.mean().value() == 0.25);
  REQUIRE(stats.moments.std().value() == std::sqrt(27.0) / 4);
}

TEST_CASE("A table of one value has no spread, whatever the value") {
  for (const auto dtype : {Dtype::f16, Dtype::bf16, Dtype::i16, Dtype::u16}) {
    for (const std::size_t pattern : {0x0001U, 0x1235U, 0x3c01U, 0x8001U, 0xbaadU}) {
      std::vector<std::uint32_t> counts(65536);
      counts[pattern] = 1000003;
      const auto moments = stats_of_table(dtype, std::span<const std::uint32_t>(counts)).moments;
      CAPTURE(info(dtype).name, pattern);
      REQUIRE(moments.std().value() == 0.0);
      REQUIRE(moments.mean().value() == static_cast<double>(test::element_of(dtype, pattern).value));
    }
  }
}

TEST_CASE("An emptied object counts like a new one") {
  Counts used;
  Counts fresh;
  const auto before = test::random_bytes(400000, 1);
  for (const auto dtype : {Dtype::f16, Dtype::f32, Dtype::u8, Dtype::c128, Dtype::f64, Dtype::f32, Dtype::f16}) {
    used.reset(Dtype::f16);
    used.add_words(before);
    used.reset(Dtype::f32);
    used.add_bytes(before);
    used.add_words(before);
    used.reset(dtype);
    fresh.reset(dtype);
    const auto bytes = test::random_bytes(64000, 2);
    used.add_bytes(bytes);
    fresh.add_bytes(bytes);
    const auto expected = fresh.gather();
    const auto planes = used.gather();
    REQUIRE(std::equal(planes.begin(), planes.end(), expected.begin(), expected.end()));
    REQUIRE(used.units() == 64000 / unit_bytes(dtype));
  }
}
