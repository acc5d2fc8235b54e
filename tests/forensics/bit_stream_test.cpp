// SPDX-License-Identifier: Apache-2.0
#include "forensics/bit_stream.hpp"

#include "support/catch.hpp"

using namespace upinspect;
using namespace upinspect::forensics;

namespace {

std::vector<std::byte> bytes(std::initializer_list<unsigned> values) {
  std::vector<std::byte> result;
  for (const auto value : values) {
    result.push_back(static_cast<std::byte>(value));
  }
  return result;
}

}  // namespace

TEST_CASE("One bit of each byte, from either end of the bytes made of them") {
  const auto elements = bytes({1, 0, 0, 1, 0, 1, 1, 1});
  const ElementRun run{elements, 1};
  CHECK(read_field(run, {}) == bytes({0x97}));
  CHECK(read_field(run, {1, 0, BitOrder::lsb, BitOrder::lsb, 1, 0, false}) == bytes({0xe9}));
  CHECK(read_field(run, {1, 0, BitOrder::msb, BitOrder::msb, 1, 0, true}) == bytes({0xe9}));
}

TEST_CASE("Fields of three bits run on from byte to byte") {
  // 101 110 001 111: a1 (1010 0001) would be other bits; by hand 10111000 1111....
  const auto elements = bytes({5, 6, 1, 7});
  const ElementRun run{elements, 1};
  CHECK(read_field(run, {3, 0, BitOrder::msb, BitOrder::msb, 1, 0, false}) == bytes({0xb8, 0xf0}));
  // Each field turned round: 101 011 100 111.
  CHECK(read_field(run, {3, 0, BitOrder::lsb, BitOrder::msb, 1, 0, false}) == bytes({0xae, 0x70}));
  // Bytes filled from the lowest bit, fields from theirs: 5 | 6 << 3 | 1 << 6 and so on.
  CHECK(read_field(run, {3, 0, BitOrder::lsb, BitOrder::lsb, 1, 0, false}) == bytes({(5U | 6U << 3U | 1U << 6U) & 0xffU, (7U << 1U)}));
}

TEST_CASE("A stride and a phase pick elements; a base picks bits") {
  const auto elements = bytes({0, 0x10, 0, 0, 0x10, 0, 0, 0x00, 0, 0, 0x10});
  const ElementRun run{elements, 1};
  CHECK(elements_of({1, 4, BitOrder::msb, BitOrder::msb, 3, 1, false}, 11) == 4);
  CHECK(read_field(run, {1, 4, BitOrder::msb, BitOrder::msb, 3, 1, false}) == bytes({0xd0}));
  CHECK(element_at({1, 4, BitOrder::msb, BitOrder::msb, 3, 1, true}, 11, 0) == 10);
  CHECK(elements_of({1, 4, BitOrder::msb, BitOrder::msb, 3, 11, false}, 11) == 0);
}

TEST_CASE("Elements are little-endian") {
  const auto elements = bytes({0x34, 0x12, 0x78, 0x56});
  const ElementRun run{elements, 2};
  CHECK(run.at(1) == 0x5678);
  CHECK(read_field(run, {16, 0, BitOrder::msb, BitOrder::msb, 1, 0, false}) == bytes({0x12, 0x34, 0x56, 0x78}));
  CHECK(read_field(run, {16, 0, BitOrder::lsb, BitOrder::lsb, 1, 0, false}) == bytes({0x34, 0x12, 0x78, 0x56}));
  CHECK(read_field(run, {8, 8, BitOrder::msb, BitOrder::msb, 1, 0, false}) == bytes({0x12, 0x56}));
}

TEST_CASE("Streams are shifted by bits and cut into sevens") {
  const auto stream = bytes({0x81, 0xff, 0x00});
  CHECK(shifted(stream, BitOrder::msb, 1) == bytes({0x03, 0xfe}));
  CHECK(shifted(stream, BitOrder::lsb, 1) == bytes({0xc0, 0x7f}));
  // "Hi" in seven bits each: 1001000 1101001.
  CHECK(sevens(bytes({0x91, 0xa4}), BitOrder::msb, 0) == bytes({'H', 'i'}));
  CHECK(sevens(bytes({'H' | ('i' << 7 & 0xff), 'i' >> 1}), BitOrder::lsb, 0) == bytes({'H', 'i'}));
}
