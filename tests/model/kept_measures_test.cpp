// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "upinspect/measures.hpp"

#include <cstdint>
#include <limits>

using namespace upinspect;

TEST_CASE("Kept statistics are the same when they are unpacked") {
  const auto count = GENERATE(std::uint64_t{0}, std::uint64_t{255}, std::uint64_t{256}, std::uint64_t{65'536}, std::uint64_t{1} << 32, UINT64_MAX);
  const Stats whole{std::numeric_limits<std::int64_t>::min(), UINT64_MAX, -0.5, 0.25, 1e300, count, 1, 2, 3};
  CHECK(*Kept<Stats>(whole) == whole);
  Stats halves;
  halves.min = -1.5;
  halves.std = 0.125;
  halves.subnormals = count;
  CHECK(*Kept<Stats>(halves) == halves);
  CHECK(Kept<Stats>(halves)->subnormals == count);
}

TEST_CASE("Kept entropies are the same when they are unpacked") {
  const auto count = GENERATE(std::uint64_t{1}, std::uint64_t{300}, std::uint64_t{70'000}, std::uint64_t{1} << 40);
  const Entropy whole{7.5, {8.0, 0.25}, {count, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, count}, count};
  CHECK(*Kept<Entropy>(whole) == whole);
  const Entropy blocks{6.25, {}, {}, count};
  CHECK(*Kept<Entropy>(blocks) == blocks);
}

TEST_CASE("What was not measured is absent, and copies are their own") {
  Kept<Stats> none;
  CHECK_FALSE(none);
  CHECK(none == std::nullopt);
  CHECK(none == Kept<Stats>(std::optional<Stats>()));
  Kept<Stats> kept = Stats{1.0, 2.0, 1.5, 0.5, 3.0, 0, 0, 0, 0};
  CHECK_FALSE(kept == none);
  const auto copy = kept;
  CHECK(copy == kept);
  kept = Stats{};
  CHECK(copy->max == Number(2.0));
  CHECK(kept->max == Number());
}
