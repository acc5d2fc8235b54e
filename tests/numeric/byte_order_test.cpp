// SPDX-License-Identifier: Apache-2.0
#include "numeric/byte_order.hpp"

#include "numeric/samples.hpp"
#include "support/catch.hpp"

using namespace upinspect;

namespace {

test::Bytes swapped(std::vector<std::uint8_t> values, std::size_t unit) {
  auto bytes = test::little_endian(values);
  numeric::swap_bytes(bytes, unit);
  return bytes;
}

test::Bytes bytes_of(std::vector<std::uint8_t> values) { return test::little_endian(values); }

}  // namespace

TEST_CASE("Each unit is turned round and what is left over stays") {
  REQUIRE(swapped({1, 2, 3, 4, 5}, 0) == bytes_of({1, 2, 3, 4, 5}));
  REQUIRE(swapped({1, 2, 3, 4, 5}, 1) == bytes_of({1, 2, 3, 4, 5}));
  REQUIRE(swapped({1, 2, 3, 4, 5}, 2) == bytes_of({2, 1, 4, 3, 5}));
  REQUIRE(swapped({1, 2, 3, 4, 5}, 3) == bytes_of({3, 2, 1, 4, 5}));
  REQUIRE(swapped({1, 2, 3, 4, 5, 6, 7}, 4) == bytes_of({4, 3, 2, 1, 5, 6, 7}));
  REQUIRE(swapped({1, 2, 3, 4, 5, 6, 7, 8, 9}, 8) == bytes_of({8, 7, 6, 5, 4, 3, 2, 1, 9}));
  REQUIRE(swapped({}, 4).empty());
}

TEST_CASE("Turning twice changes nothing, at any alignment") {
  const auto bytes = test::random_bytes(1001, 1);
  for (const std::size_t unit : {2U, 4U, 8U, 16U}) {
    auto copy = bytes;
    numeric::swap_bytes(std::span(copy).subspan(1), unit);
    REQUIRE(copy != bytes);
    numeric::swap_bytes(std::span(copy).subspan(1), unit);
    REQUIRE(copy == bytes);
  }
}
