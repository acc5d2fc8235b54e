// SPDX-License-Identifier: Apache-2.0
#include "numeric/small_float.hpp"

#include "numeric/reference.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

using namespace upinspect;
using namespace upinspect::numeric;

TEST_CASE("Every pattern of every format has the value that its layout gives") {
  for (const auto dtype : {Dtype::f16, Dtype::bf16, Dtype::f8_e4m3, Dtype::f8_e5m2, Dtype::f8_e4m3fnuz,
                           Dtype::f8_e5m2fnuz, Dtype::f8_e8m0}) {
    const auto format = small_float(dtype).value();
    const std::uint32_t patterns = info(dtype).block_bytes == 2 ? 65536 : 256;
    for (std::uint32_t bits = 0; bits < patterns; ++bits) {
      const auto element = test::element_of(dtype, bits);
      const double value = to_double(format, bits);
      CAPTURE(info(dtype).name, bits);
      REQUIRE(std::isnan(value) == (element.kind == test::Kind::nan));
      REQUIRE(std::isinf(value) == (element.kind == test::Kind::infinite));
      if (element.kind == test::Kind::finite) {
        REQUIRE(value == static_cast<double>(element.value));
        REQUIRE((classify(format, bits) == FloatClass::subnormal) == element.subnormal);
        REQUIRE((classify(format, bits) == FloatClass::zero) == (element.value == 0));
      }
    }
  }
}

TEST_CASE("Known patterns have known values") {
  // From numpy.float16, and from the tables of the OCP 8-bit floating point specification.
  REQUIRE(f16_to_double(0x3c00) == 1.0);
  REQUIRE(f16_to_double(0x0001) == 5.960464477539063e-08);
  REQUIRE(f16_to_double(0x7bff) == 65504.0);
  REQUIRE(f16_to_double(0xfc00) == -std::numeric_limits<double>::infinity());
  REQUIRE(std::signbit(f16_to_double(0x8000)));
  REQUIRE(bf16_to_double(0x3f80) == 1.0);
  REQUIRE(bf16_to_double(0x0001) == 9.183549615799121e-41);
  REQUIRE(to_double(k_f8_e4m3, 0x7e) == 448.0);
  REQUIRE(std::isnan(to_double(k_f8_e4m3, 0xff)));
  REQUIRE(to_double(k_f8_e5m2, 0x7b) == 57344.0);
  REQUIRE(std::isinf(to_double(k_f8_e5m2, 0x7c)));
  REQUIRE(to_double(k_f8_e4m3fnuz, 0x7f) == 240.0);
  REQUIRE(std::isnan(to_double(k_f8_e4m3fnuz, 0x80)));
  REQUIRE(to_double(k_f8_e8m0, 0) == 0x1p-127);
  REQUIRE(std::isnan(to_double(k_f8_e8m0, 255)));
}

TEST_CASE("f4 has sixteen values") {
  const std::vector<double> magnitudes{0, 0.5, 1, 1.5, 2, 3, 4, 6};
  for (std::uint32_t bits = 0; bits < 8; ++bits) {
    REQUIRE(to_double(k_f4, bits) == magnitudes[bits]);
    REQUIRE(to_double(k_f4, bits | 8) == -magnitudes[bits]);
  }
}

TEST_CASE("Types that are no small float say so") {
  REQUIRE_FALSE(small_float(Dtype::f32).has_value());
  REQUIRE_FALSE(small_float(Dtype::i8).has_value());
  REQUIRE_FALSE(small_float(Dtype::other).has_value());
}
