// SPDX-License-Identifier: Apache-2.0
#include "numeric/element_difference.hpp"

#include "numeric/load.hpp"
#include "numeric/samples.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <random>

using namespace upinspect;
using namespace upinspect::numeric;
using test::Bytes;

namespace {

template <typename T>
Bytes bytes_of(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    store_le(values[i], bytes.data() + i * sizeof(T));
  }
  return bytes;
}

ElementDifference compared(Dtype dtype, const Bytes& before, const Bytes& after) {
  const auto format = element_format(dtype);
  ElementDifference difference(format, before.size() / format.width, 0, 100);
  difference.add(before, after);
  return difference;
}

/// A number of steps from one float to another, walked one by one.
std::uint64_t walked(float from, float to) {
  std::uint64_t steps = 0;
  while (std::bit_cast<std::uint32_t>(from) != std::bit_cast<std::uint32_t>(to)) {
    // nextafter passes from one zero over the other: the scale counts both.
    if (from == 0 && to == 0) {
      return steps + 1;
    }
    const bool crosses = from == 0 && std::signbit(from) != std::signbit(to);
    from = crosses ? std::copysign(0.0F, to) : std::nextafter(from, to);
    ++steps;
  }
  return steps;
}

}  // namespace

TEST_CASE("Distances are steps from one float to the next") {
  const std::vector<std::pair<float, float>> pairs{{1.0F, 1.0000001F}, {0.02F, 0.02000003F}, {-1.0F, -0.9999999F}, {1e-45F, -1e-45F},
                                                  {0.0F, -0.0F},      {0.0F, 3e-45F},       {-0.0F, 1e-45F},     {2.0F, 1.9999995F}};
  for (const auto& [from, to] : pairs) {
    const auto difference = compared(Dtype::f32, bytes_of(std::vector{from}), bytes_of(std::vector{to}));
    CAPTURE(from, to);
    CHECK(difference.greatest_distance == walked(from, to));
    CHECK(difference.median_distance() == walked(from, to));
    CHECK(difference.absolute_max == std::fabs(static_cast<double>(from) - static_cast<double>(to)));
  }
}

TEST_CASE("Counts are those of a plain loop, for any width and split") {
  std::mt19937 random(7);
  for (const auto dtype : {Dtype::u8, Dtype::f16, Dtype::f32, Dtype::f64}) {
    const auto width = std::size_t{element_format(dtype).width};
    const auto before = test::random_bytes(9000 * width, 1);
    auto after = before;
    for (int i = 0; i < 900; ++i) {
      after[random() % after.size()] ^= static_cast<std::byte>(1U << (random() % 8));
    }
    std::vector<std::uint64_t> bits(width * 8, 0);
    std::uint64_t changed = 0;
    std::uint64_t unequal = 0;
    for (std::size_t element = 0; element < 9000; ++element) {
      bool differs = false;
      for (std::size_t bit = 0; bit < width * 8; ++bit) {
        const auto at = element * width + bit / 8;
        const bool flipped = ((before[at] ^ after[at]) >> (bit % 8) & std::byte{1}) != std::byte{0};
        bits[bit] += flipped ? 1U : 0U;
        differs = differs || flipped;
      }
      changed += differs ? 1U : 0U;
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
      unequal += before[i] != after[i] ? 1U : 0U;
    }
    const auto whole = compared(dtype, before, after);
    CHECK(whole.changed == changed);
    CHECK(whole.bit_counts() == bits);
    CHECK(count_unequal(before, after) == unequal);
    ElementDifference split(element_format(dtype), 9000, 0, 100);
    ElementDifference rest(element_format(dtype), 9000, 4000, 100);
    split.add(std::span(before).first(4000 * width), std::span(after).first(4000 * width));
    rest.add(std::span(before).subspan(4000 * width), std::span(after).subspan(4000 * width));
    split.append(rest);
    CHECK(split.changed == whole.changed);
    CHECK(split.first == whole.first);
    CHECK(split.last == whole.last);
    CHECK(split.step == whole.step);
    CHECK(split.places == whole.places);
    CHECK(split.distances == whole.distances);
    CHECK(split.bit_counts() == whole.bit_counts());
  }
}

TEST_CASE("A stride is the common divisor of the gaps") {
  std::vector<float> before(1000, 1.0F);
  auto after = before;
  for (std::size_t i = 3; i < 1000; i += 7) {
    after[i] = 1.5F;
  }
  after[10] = 1.0F;
  const auto difference = compared(Dtype::f32, bytes_of(before), bytes_of(after));
  CHECK(difference.step == 7);
  CHECK(difference.first == 3);
  CHECK(difference.last == 997);
  CHECK(difference.changed == 142);
  CHECK(difference.single_bit == 142);
}

TEST_CASE("Infinities and NaN have no distance") {
  constexpr auto k_inf = std::numeric_limits<float>::infinity();
  constexpr auto k_nan = std::numeric_limits<float>::quiet_NaN();
  const auto difference = compared(Dtype::f32, bytes_of<float>({k_inf, 1, k_nan, 2}), bytes_of<float>({1, k_nan, 2, 2.5F}));
  CHECK(difference.changed == 4);
  CHECK(difference.not_finite == 3);
  CHECK(difference.absolute_sum == 0.5);
}

TEST_CASE("Carries leave the bits that a distance needs") {
  // 1 up from 0x3f7fffff turns over 24 bits; 1 up from an even pattern turns one.
  const auto carried = compared(Dtype::f32, bytes_of<std::uint32_t>({0x3f7fffff}), bytes_of<std::uint32_t>({0x3f800000}));
  const auto plain = compared(Dtype::f32, bytes_of<std::uint32_t>({0x3f800000}), bytes_of<std::uint32_t>({0x3f800001}));
  CHECK(carried.carries == 1);
  CHECK(plain.carries == 0);
}

TEST_CASE("Bins of distances are in order and begin where they say") {
  std::size_t last = 0;
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const auto distance : {std::uint64_t{1} << shift, (std::uint64_t{1} << shift) + (std::uint64_t{1} << shift) / 3}) {
      const auto bin = distance_bin(distance);
      CHECK(bin >= last);
      CHECK(bin < k_distance_bins);
      CHECK(bin_start(bin) <= distance);
      CHECK(static_cast<double>(distance - bin_start(bin)) <= static_cast<double>(distance) / 32);
      last = bin;
    }
  }
}

TEST_CASE("Rounding to a narrower format is what compilers and hardware do") {
  std::mt19937 random(3);
  constexpr SmallFloat k_single{8, 23, 127, Specials::ieee};
  for (int i = 0; i < 20000; ++i) {
    const auto value = std::ldexp(static_cast<double>(random()) / 4e9 - 0.5, static_cast<int>(random() % 300) - 150);
    CHECK(rounded_to(k_single, value) == static_cast<double>(static_cast<float>(value)));
  }
  CHECK(rounded_to(k_f16, 65519.0) == 65504.0);
  CHECK(std::isinf(rounded_to(k_f16, 65520.0)));
  CHECK(rounded_to(k_f16, 2.98e-8) == 0.0);        // below half of the smallest subnormal
  CHECK(rounded_to(k_f16, 3.0e-8) == std::ldexp(1.0, -24));
  CHECK(rounded_to(k_bf16, 1.00390625) == 1.0);    // a tie goes to the even neighbour
  CHECK(rounded_to(k_bf16, 1.01171875) == 1.015625);
}
