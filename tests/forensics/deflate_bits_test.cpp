// SPDX-License-Identifier: Apache-2.0
// Deflated data in few bytes: what the serial test cannot tell from chance, and what it must not be taken for.
#include "forensics/deflate_bits.hpp"

#include "forensics/bit_patterns.hpp"
#include "forensics/distinct_stream.hpp"
#include "forensics/structure_scan.hpp"
#include "support/catch.hpp"
#include "support/noise.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <string>

using namespace upinspect;
using namespace upinspect::forensics;

namespace {

/// Lines of a log and of a table in turn, deflated, of which the first thousand bytes are cut off.
std::vector<std::byte> deflated(std::size_t size) {
  std::string text;
  for (unsigned i = 0; text.size() < 100 * size; ++i) {
    const auto word = std::to_string(i * 2654435761U);
    text += i % 64 < 40 ? "line " + word + (i % 3 == 0 ? " is kept\n" : " goes\n") : std::string(1 + i % 7, ' ') + word.substr(0, 3) + ",\n";
  }
  std::vector<Bytef> packed(compressBound(text.size()));
  auto packed_size = static_cast<uLongf>(packed.size());
  REQUIRE(compress(packed.data(), &packed_size, reinterpret_cast<const Bytef*>(text.data()), text.size()) == Z_OK);
  REQUIRE(packed_size > 1000 + size);
  std::vector<std::byte> bytes(size);
  std::transform(packed.begin() + 1000, packed.begin() + 1000 + static_cast<std::ptrdiff_t>(size), bytes.begin(), [](Bytef byte) { return static_cast<std::byte>(byte); });
  return bytes;
}

std::vector<std::byte> noise_around(const std::vector<std::byte>& inner) {
  auto bytes = test::noise(9000, 4);
  std::copy(inner.begin(), inner.end(), bytes.begin() + 3000);
  return bytes;
}

/// Noise in which ten bytes come again, as a length, a distance and the literals behind them do.
std::vector<std::byte> codes_that_come_again() {
  auto bytes = test::noise(1200, 6);
  for (const std::size_t at : {400U, 701U, 1013U}) {
    std::copy(bytes.begin() + 100, bytes.begin() + 110, bytes.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return bytes;
}

/// Float32 numbers as one part of a carrier.
Carrier float32_carrier(const std::vector<std::byte>& numbers) {
  Carrier carrier;
  carrier.bytes = numbers;
  carrier.fraction = 23;
  carrier.parts.push_back({"w", 0, 0, numbers.size() / 4, 0, false});
  return carrier;
}

}  // namespace

TEST_CASE("Even bits gain no more than chance allows") {
  unsigned three = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    const auto gain = best_deflate(test::noise(600, seed)).gain;
    CHECK(gain < 12);
    three += gain > 3 ? 1U : 0U;
  }
  CHECK(three <= 400 * 0.0498 + 12);   // e^-3, and a deviation of three
  CHECK(best_deflate({}).gain == 0);
}

TEST_CASE("Codes that come again are seen where the serial test sees nothing") {
  const auto bytes = codes_that_come_again();
  CHECK(pattern_windows(bytes).front().log_p > -12.7);
  CHECK(best_deflate(bytes).gain > 30);
  CHECK(best_deflate(deflated(1200)).gain > 30);
}

TEST_CASE("Codes that come again in low bits are a structure, numbers that come again are none") {
  auto numbers = test::noise(4800, 12);
  const std::array<std::size_t, 1> parts = {0};
  CHECK_FALSE(find_structure(float32_carrier(numbers), parts, 8, 1e-4).has_value());
  std::copy_n(numbers.begin() + 400, 40, numbers.begin() + 4000);
  CHECK_FALSE(find_structure(float32_carrier(numbers), parts, 8, 1e-4).has_value());
  const auto codes = codes_that_come_again();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    numbers[i * 4] = codes[i];
  }
  const auto found = find_structure(float32_carrier(numbers), parts, 8, 1e-4);
  REQUIRE(found);
  CHECK(found->test == "codes that come again as in deflated data");
  CHECK(found->log_p < -25);
  CHECK_FALSE(found->arithmetic);
  CHECK(found->last > 1013);
}

TEST_CASE("Deflated data are told from the noise around them") {
  const auto found = best_deflate(noise_around(deflated(3000)));
  CHECK(found.gain > 12.7);
  CHECK(found.begin >= 2900);
  CHECK(found.begin < 6000);
  CHECK(found.end > 3500);
  CHECK(found.end <= 6100);
}

TEST_CASE("Of numbers that come again, with any sign or exponent, the first one's bits are taken") {
  auto numbers = test::noise(4000, 8);
  const auto once = float32_carrier(numbers);
  for (std::size_t i = 0; i < 4000; i += 4) {
    numbers.insert(numbers.end(), {numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3] ^ std::byte{0x81}});
  }
  const auto twice = float32_carrier(numbers);
  const std::array<std::size_t, 1> parts = {0};
  for (const unsigned bits : {1U, 3U, 16U}) {
    const DistinctStream one(once, parts, bits, 4000);
    const DistinctStream two(twice, parts, bits, 4000);
    CHECK(one.bytes().size() == 1000 * bits / 8);
    CHECK(std::equal(one.bytes().begin(), one.bytes().end(), two.bytes().begin(), two.bytes().end()));
    CHECK(two.element_of(0) == 0);
    CHECK(two.element_of(90) == 90 * 8 / bits);
  }
  CHECK(DistinctStream(once, parts, 16, 1999).bytes().empty());
  CHECK(std::to_integer<unsigned>(DistinctStream(once, parts, 16, 4000).bytes()[0]) == std::to_integer<unsigned>(numbers[1]));
}

TEST_CASE("Bytes begin where they did, whatever is left out") {
  auto carrier = float32_carrier(test::noise(4000, 9));
  const std::array<std::size_t, 1> whole = {0};
  const DistinctStream all(carrier, whole, 3, 4000);
  carrier.parts = {{"a", 0, 0, 100, 0, false}, {"bias", 0, 100, 33, 1, false}, {"b", 0, 133, 867, 2, false}};
  const std::array<std::size_t, 2> without_bias = {0, 2};
  const DistinctStream some(carrier, without_bias, 3, 4000);
  constexpr std::size_t k_before = 37;   // whole bytes of 100 elements, and the first one of those from 133 on
  constexpr std::size_t k_behind = 50;
  REQUIRE(some.bytes().size() == all.bytes().size() - (k_behind - k_before));
  CHECK(std::equal(some.bytes().begin(), some.bytes().begin() + k_before, all.bytes().begin()));
  CHECK(std::equal(some.bytes().begin() + k_before, some.bytes().end(), all.bytes().begin() + k_behind));
  CHECK(some.element_of(k_before) == k_behind * 8 / 3);
}
