// SPDX-License-Identifier: Apache-2.0
#include "numeric/entropy.hpp"

#include "numeric/samples.hpp"
#include "support/catch.hpp"

#include <cmath>

using namespace upinspect;
using namespace upinspect::numeric;

TEST_CASE("A count times its logarithm is right to the last digits") {
  REQUIRE(count_log2(0) == 0);
  REQUIRE(count_log2(1) == 0);
  std::mt19937_64 random(1);
  for (std::uint64_t count = 2; count < (std::uint64_t{1} << 63); count += 1 + count / 8 + random() % (count / 4 + 1)) {
    const auto expected = static_cast<long double>(count) * std::log2(static_cast<long double>(count));
    CAPTURE(count);
    REQUIRE(std::fabs(static_cast<double>(count_log2(count) / expected - 1)) < 1e-15);
  }
  // Powers of two have exact logarithms, in the table and above it.
  for (unsigned power = 0; power < 53; ++power) {
    REQUIRE(count_log2(std::uint64_t{1} << power) == std::ldexp(static_cast<double>(power), static_cast<int>(power)));
  }
}

TEST_CASE("Entropy is exact where it is simple") {
  REQUIRE(entropy_of_counts({}) == 0);
  ByteCounts counts{};
  counts[7] = 12345678901;
  REQUIRE(entropy_of_counts(counts) == 0);
  counts[200] = 12345678901;
  REQUIRE(entropy_of_counts(counts) == Approx(1).epsilon(1e-15));
  counts.fill(4096);
  REQUIRE(entropy_of_counts(counts) == 8);
  // scipy.stats.entropy([1, 2, 3, 4], base=2)
  REQUIRE(entropy_of_counts({1, 2, 3, 4}) == Approx(1.8464393446710154).epsilon(1e-15));
}

TEST_CASE("Bytes are counted whatever their number") {
  for (const std::size_t size : {0U, 1U, 15U, 17U, 5000U, 40000U}) {
    const auto bytes = test::random_bytes(size, size);
    ByteCounts counts{};
    count_bytes(bytes, counts);
    ByteCounts expected{};
    for (const auto byte : bytes) {
      ++expected[std::to_integer<std::size_t>(byte)];
    }
    REQUIRE(counts == expected);
    REQUIRE(entropy_of(bytes) == entropy_of_counts(expected));
  }
}
