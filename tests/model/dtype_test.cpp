// SPDX-License-Identifier: Apache-2.0
#include "upinspect/dtype.hpp"

#include "support/catch.hpp"

#include <string>

using namespace upinspect;

TEST_CASE("Every dtype has a name that finds it again") {
  for (unsigned i = 0; i < static_cast<unsigned>(Dtype::other); ++i) {
    const auto dtype = static_cast<Dtype>(i);
    const auto& row = info(dtype);
    CAPTURE(std::string(row.name));
    REQUIRE(dtype_from_name(row.name) == dtype);
    REQUIRE(row.block_bytes > 0);
    REQUIRE(row.block_elements > 0);
    REQUIRE(row.block_bytes % row.swap_unit == 0);
  }
}

TEST_CASE("Names outside of the table find nothing") {
  REQUIRE_FALSE(dtype_from_name("other").has_value());
  REQUIRE_FALSE(dtype_from_name("").has_value());
  REQUIRE_FALSE(dtype_from_name("F32").has_value());
  REQUIRE_FALSE(dtype_from_name("float32").has_value());
  REQUIRE(info(Dtype::other).block_bytes == 0);
  REQUIRE(info(static_cast<Dtype>(255)).block_bytes == 0);
}

TEST_CASE("Sizes are those of the formats' references") {
  // ggml: bytes per block; torch: a complex number turns round half by half.
  REQUIRE(info(Dtype::q4_k).block_bytes == 144);
  REQUIRE(info(Dtype::q4_k).block_elements == 256);
  REQUIRE(info(Dtype::iq1_m).block_bytes == 56);
  REQUIRE(info(Dtype::mxfp4).block_bytes == 17);
  REQUIRE(info(Dtype::c128).swap_unit == 8);
  REQUIRE(info(Dtype::c64).swap_unit == 4);
  REQUIRE(dtype_from_name("bool") == Dtype::boolean);
}
