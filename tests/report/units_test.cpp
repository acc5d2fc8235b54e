// SPDX-License-Identifier: Apache-2.0
#include "report/units.hpp"

#include "report/words.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <limits>

using namespace upinspect::report;
using upinspect::Number;

TEST_CASE("thousands are separated") {
  CHECK(thousands(0) == "0");
  CHECK(thousands(999) == "999");
  CHECK(thousands(1000) == "1,000");
  CHECK(thousands(std::numeric_limits<std::uint64_t>::max()) == "18,446,744,073,709,551,615");
}

TEST_CASE("counts agree with their noun") {
  CHECK(counted(1, "tensor") == "1 tensor");
  CHECK(counted(0, "tensor") == "0 tensors");
  CHECK(counted(2500, "entry") == "2,500 entries");
}

TEST_CASE("sizes have three digits and a binary unit") {
  CHECK(binary_size(0) == "0 bytes");
  CHECK(binary_size(1) == "1 byte");
  CHECK(binary_size(1023) == "1,023 bytes");
  CHECK(binary_size(1024) == "1.00 KiB");
  CHECK(binary_size(10235) == "10.0 KiB");
  CHECK(binary_size(134'217'728) == "128 MiB");
  CHECK(binary_size((std::uint64_t{1} << 20) - 1) == "1.00 MiB");
  CHECK(binary_size(std::numeric_limits<std::uint64_t>::max()) == "16.0 EiB");
  CHECK(byte_count(1'181'696) == "1,181,696 bytes (1.13 MiB)");
  CHECK(byte_count(17) == "17 bytes");
}

TEST_CASE("percentages do not round to certainty") {
  CHECK(percent(0, 10) == "0 %");
  CHECK(percent(0, 0) == "0 %");
  CHECK(percent(10, 10) == "100 %");
  CHECK(percent(1, 134'217'728) == "< 0.1 %");
  CHECK(percent(134'217'727, 134'217'728) == "> 99.9 %");
  CHECK(percent(1, 3) == "33.3 %");
}

TEST_CASE("short numbers keep what a table has room for") {
  CHECK(short_number(0.0, 3) == "0");
  CHECK(short_number(-0.0, 3) == "0");
  CHECK(short_number(0.02, 3) == "0.0200");
  CHECK(short_number(-0.10833, 4) == "-0.1083");
  CHECK(short_number(-1.12e-7, 3) == "-1.1e-07");
  CHECK(short_number(12.345, 3) == "12.3");
  CHECK(short_number(1234.5, 3) == "1234");
  CHECK(short_number(65504.0, 3) == "6.6e+04");
  CHECK(short_number(3.4e38, 4) == "3.40e+38");
}

TEST_CASE("integers in tables are exact while they are short") {
  CHECK(short_number(Number{}, 3).empty());
  CHECK(short_number(Number{std::int64_t{-1234567}}, 3) == "-1234567");
  CHECK(short_number(Number{std::uint64_t{12345678}}, 3) == "12345678");
  CHECK(short_number(Number{std::numeric_limits<std::uint64_t>::max()}, 3) == "1.8e+19");
  CHECK(short_number(Number{0.5}, 3) == "0.500");
}

TEST_CASE("shapes read as products") {
  CHECK(shape_text({}) == "scalar");
  CHECK(shape_text({7}) == "7");
  CHECK(shape_text({8192, 4096}) == "8192 x 4096");
  CHECK(shape_text({3, 0, 2}, "x") == "3x0x2");
}

TEST_CASE("sums stop at what 64 bits hold") {
  CHECK(saturating_add(1, 2) == 3);
  CHECK(saturating_add(std::numeric_limits<std::uint64_t>::max(), 1) == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("dtypes as people say them") {
  CHECK(spoken_dtype("f32") == "float32");
  CHECK(spoken_dtype("bf16") == "bfloat16");
  CHECK(spoken_dtype("u8") == "uint8");
  CHECK(spoken_dtype("c64") == "complex64");
  CHECK(spoken_dtype("bool") == "bool");
  CHECK(spoken_dtype("f8_e4m3") == "f8_e4m3");
  CHECK(spoken_dtype("iq2_xxs") == "iq2_xxs");
}
