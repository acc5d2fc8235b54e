// SPDX-License-Identifier: Apache-2.0
// Numbers that numpy 1.24 and math.fsum of Python 3.11 gave for the same data:
//
//     i = np.arange(100000, dtype=np.uint64)
//     u = (i * 2654435761 % 2**32 >> 8).astype(np.float64) / 2**24 - 0.5
//     x = u.astype(np.float32)  # np.float16; u / 3; (u * 60000).astype(np.int16); ((u + 0.5) * 200).astype(np.uint8)
//     mean = math.fsum(x) / n; std = math.sqrt(math.fsum((v - mean)**2 for v in x) / n)
//     l2 = math.sqrt(math.fsum(v * v for v in x)); entropy from np.bincount of x.view(np.uint8)[plane::x.itemsize]
#include "numeric/accumulator.hpp"

#include "numeric/samples.hpp"
#include "support/catch.hpp"

#include <cmath>

using namespace upinspect;

namespace {

struct Expected {
  double mean;
  double std;
  double l2;
  std::uint64_t zeros;
  double entropy;
  std::vector<double> planes;
};

template <typename T, typename Make>
test::Bytes data(Make make) {
  std::vector<T> values;
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const auto u = static_cast<double>(((i * 2654435761U) % 4294967296U) >> 8) / 16777216 - 0.5;
    values.push_back(make(u));
  }
  return test::little_endian(values);
}

/// Rounds to nearest, ties to even, for 2^-25 <= |u| <= 1; smaller values are 0, as there are none in between here.
std::uint16_t to_f16(double u) {
  if (u == 0) {
    return 0;
  }
  const int exponent = std::max(std::ilogb(u), -14);
  const auto significand = static_cast<long>(std::nearbyint(std::ldexp(std::fabs(u), 10 - exponent)));
  const auto magnitude = ((exponent + 14) << 10) + static_cast<int>(significand);
  return static_cast<std::uint16_t>(magnitude | (u < 0 ? 0x8000 : 0));
}

void require(Dtype dtype, const test::Bytes& bytes, const Expected& expected, double tolerance) {
  numeric::Accumulator accumulator;
  accumulator.reset(dtype);
  accumulator.add(bytes);
  const auto result = accumulator.finish();
  const auto& stats = result.stats.value();
  // The means are nearly zero: their error is one of the values' size, which l2 / sqrt(n) measures.
  const double size = expected.l2 / std::sqrt(100000.0);
  REQUIRE(std::fabs(stats.mean.value() - expected.mean) <= tolerance * size);
  REQUIRE(stats.std.value() == Approx(expected.std).epsilon(tolerance));
  REQUIRE(stats.l2.value() == Approx(expected.l2).epsilon(tolerance));
  REQUIRE(stats.zeros == expected.zeros);
  REQUIRE(result.entropy.byte == Approx(expected.entropy).epsilon(1e-13));
  REQUIRE(result.entropy.byte_planes.size() == expected.planes.size());
  for (std::size_t i = 0; i < expected.planes.size(); ++i) {
    REQUIRE(result.entropy.byte_planes[i] == Approx(expected.planes[i]).epsilon(1e-13));
  }
}

}  // namespace

TEST_CASE("numpy measures the same") {
  require(Dtype::f32, data<float>([](double u) { return static_cast<float>(u); }),
          {1.5508908033370971e-06, 0.28867651547341855, 91.2875295910017, 0, 7.135620468084014,
           {6.7120530588566965, 7.999768595648879, 7.918278078468503, 2.081824373048622}},
          1e-14);
  require(Dtype::f16, data<std::uint16_t>(to_f16),
          {1.560685634613037e-06, 0.28867652921286846, 91.28753393581395, 0, 7.156150844338209,
           {7.999881705478838, 5.002049306925292}},
          1e-14);
  require(Dtype::f64, data<double>([](double u) { return u / 3; }),
          {5.169636011123655e-07, 0.09622550515780619, 30.4291765303339, 0, 5.357377857445998,
           {1.5849624815340309, 1.5849624815340309, 1.5849624815340309, 2.1286111390138736, 7.938098173306712,
            7.999225820339458, 5.939076253330682, 1.0026224315738501}},
          1e-14);
  require(Dtype::i16, data<std::int16_t>([](double u) { return static_cast<std::int16_t>(u * 60000); }),
          {0.09311, 17320.158026106474, 5477114.879733399, 4, 7.980212596942591, {7.99998622557711, 7.876486363327043}},
          1e-14);
  require(Dtype::u8, data<std::uint8_t>([](double u) { return static_cast<std::uint8_t>((u + 0.5) * 200); }),
          {99.50036, 57.734639341303584, 36378.029385880705, 500, 7.643853996355925, {7.643853996355925}}, 1e-15);
}
