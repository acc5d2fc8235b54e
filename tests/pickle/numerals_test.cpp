// SPDX-License-Identifier: Apache-2.0
#include "pickle/numerals.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace upinspect::pickle;

namespace {

std::string decimal(const std::vector<int>& bytes) {
  std::vector<std::byte> raw;
  for (const auto byte : bytes) {
    raw.push_back(static_cast<std::byte>(byte));
  }
  return twos_complement(raw).to_text();
}

std::string python(std::string_view text, int base) {
  const auto value = python_integer(text, base);
  return value ? value->to_text() : "none";
}

}  // namespace

TEST_CASE("two's complement bytes of any length are integers") {
  CHECK(decimal({}) == "0");
  CHECK(decimal({0xff}) == "-1");
  CHECK(decimal({0x00, 0x80}) == "-32768");
  CHECK(decimal({0xff, 0x7f}) == "32767");
  CHECK(decimal({0, 0, 0, 0, 0, 0, 0, 0x80}) == "-9223372036854775808");
  CHECK(decimal({0, 0, 0, 0, 0, 0, 0, 0x80, 0}) == "9223372036854775808");
  CHECK(decimal({0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19}) == "119547037146038801333356");
  CHECK(decimal(std::vector<int>(30, 0xff)) == "-1");
  CHECK(decimal(std::vector<int>(16, 0xff)) == "-1");
  std::vector<int> large(17, 0);
  large[16] = 1;
  CHECK(decimal(large) == "0x100000000000000000000000000000000");
  large[16] = 0xff;
  CHECK(decimal(large) == "-0x100000000000000000000000000000000");
  large.push_back(0x80);
  CHECK(decimal(large) == "-0x7f0100000000000000000000000000000000");
}

TEST_CASE("texts are integers by the rules of Python") {
  CHECK(python("12", 0) == "12");
  CHECK(python(" -12\n", 0) == "-12");
  CHECK(python("1_000", 10) == "1000");
  CHECK(python("0x_ff", 0) == "255");
  CHECK(python("0b101", 0) == "5");
  CHECK(python("0o17", 0) == "15");
  CHECK(python("000", 0) == "0");
  CHECK(python("0x8000000000000000", 0) == "9223372036854775808");
  CHECK(python("-9223372036854775808", 0) == "-9223372036854775808");
  CHECK(python("170141183460469231731687303715884105728", 0) == "170141183460469231731687303715884105728");
  CHECK(python("-" + std::string(50, '9'), 0) == "-" + std::string(50, '9'));
  for (const auto* bad : {"", " ", "-", "1_", "_1", "1__0", "0x", "010", "1 2", "12L", "0xg", "1.0", "--1"}) {
    INFO(bad);
    CHECK(python(bad, 0) == "none");
  }
  CHECK(python("010", 10) == "10");
  CHECK(python("0x10", 10) == "none");
}

TEST_CASE("numbers that no pickler writes so are marked") {
  CHECK_FALSE(int_line("12")->unusual);
  CHECK_FALSE(int_line("-12")->unusual);
  CHECK_FALSE(int_line("01")->unusual);
  CHECK_FALSE(int_line("0")->unusual);
  CHECK_FALSE(long_line("119547037146038801333356L")->unusual);
  CHECK(int_line("0x10")->unusual);
  CHECK(int_line("010")->unusual);
  CHECK(int_line(" 5")->unusual);
  CHECK(int_line(std::string_view("1\0", 2))->unusual);
  CHECK(int_line("1_0")->unusual);
}

TEST_CASE("floats are read without a locale") {
  double value = 7;
  CHECK(float_line("1e-400", value) == FloatError::none);
  CHECK(value == 0);
  CHECK(float_line("-1.5e3", value) == FloatError::none);
  CHECK(value == -1500);
  CHECK(float_line("1e309", value) == FloatError::too_large);
  CHECK(float_line("1,5", value) == FloatError::malformed);
  CHECK(float_line("nan(1)", value) == FloatError::malformed);
  CHECK(float_line("1.5x", value) == FloatError::malformed);
}
