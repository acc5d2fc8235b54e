// SPDX-License-Identifier: Apache-2.0
#include "numeric/dequantise.hpp"

#include "numeric/block_meter.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

using namespace upinspect;
using namespace std::string_literals;

namespace {

// Halves, little-endian.
const std::string k_one = "\x00\x3c"s;
const std::string k_two = "\x00\x40"s;
const std::string k_half = "\x00\x38"s;

std::vector<float> decoded(Dtype dtype, const std::string& blocks) {
  std::vector<float> out(blocks.size() / info(dtype).block_bytes * info(dtype).block_elements, -99.0F);
  numeric::dequantise(dtype, std::as_bytes(std::span(blocks)), out);
  return out;
}

std::string repeated(std::size_t times, char byte) { return std::string(times, byte); }

std::vector<Dtype> decodable() {
  std::vector<Dtype> found;
  for (int i = 0; i < static_cast<int>(Dtype::other); ++i) {
    if (numeric::can_dequantise(static_cast<Dtype>(i))) {
      found.push_back(static_cast<Dtype>(i));
    }
  }
  return found;
}

std::vector<std::byte> random_bytes(std::size_t count) {
  std::mt19937 engine(7);
  std::vector<std::byte> bytes(count);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::byte>(engine() & 0xffU); });
  return bytes;
}

}  // namespace

TEST_CASE("q4_0: nibbles 8 in excess, low halves first") {
  const auto values = decoded(Dtype::q4_0, k_two + "\x0f"s + repeated(15, '\x88'));
  CHECK(values[0] == 14.0F);
  CHECK(values[16] == -16.0F);
  CHECK(values[1] == 0.0F);
}

TEST_CASE("q4_1: a minimum is added") {
  const auto values = decoded(Dtype::q4_1, k_two + k_half + "\xf1"s + repeated(15, '\0'));
  CHECK(values[0] == 2.5F);
  CHECK(values[16] == 30.5F);
  CHECK(values[31] == 0.5F);
}

TEST_CASE("q5_0 and q5_1: fifth bits come from a word of their own") {
  const auto word = "\x01\x00\x00\x80"s;
  const auto excess = decoded(Dtype::q5_0, k_one + word + repeated(16, '\0'));
  CHECK(excess[0] == 0.0F);
  CHECK(excess[1] == -16.0F);
  CHECK(excess[31] == 0.0F);
  const auto plain = decoded(Dtype::q5_1, k_one + k_half + word + repeated(16, '\x11'));
  CHECK(plain[0] == 17.5F);
  CHECK(plain[1] == 1.5F);
  CHECK(plain[31] == 17.5F);
}

TEST_CASE("q8_0, q8_1 and q8_k: signed bytes times the scale") {
  CHECK(decoded(Dtype::q8_0, k_half + repeated(32, '\x80'))[31] == -64.0F);
  CHECK(decoded(Dtype::q8_1, k_half + k_one + repeated(32, '\x7f'))[0] == 63.5F);
  CHECK(decoded(Dtype::q8_k, "\0\0\0\x40"s + repeated(256, '\x03') + repeated(32, '\xff'))[255] == 6.0F);
}

TEST_CASE("q2_k: sixteen scales and minima, two bits a value") {
  auto block = repeated(84, '\0');
  block[0] = '\x31';            // of the first 16 values: scale 1, minimum 3
  block[2] = '\x02';            // of values 32 to 47: scale 2
  block[16] = '\x0d';           // value 0 is 1, value 32 is 3
  block.replace(80, 4, k_two + k_half);
  const auto values = decoded(Dtype::q2_k, block);
  CHECK(values[0] == 0.5F);
  CHECK(values[1] == -1.5F);
  CHECK(values[32] == 12.0F);
  CHECK(values[255] == 0.0F);
}

TEST_CASE("q3_k: scales of 6 bits, third bits apart") {
  auto block = repeated(110, '\0');
  block[0] = '\x01';            // the third bit of value 0 is set, of all others not
  block[32] = '\x03';           // value 0 is 3
  block[96] = '\x11';           // low bits of scales 0 and 8
  block[104] = '\x22';          // top bits of scales 0 and 8: both 2, so 33 with 32 in excess
  block.replace(108, 2, k_two);
  const auto values = decoded(Dtype::q3_k, block);
  CHECK(values[0] == 6.0F);
  CHECK(values[1] == -8.0F);
  CHECK(values[128] == -8.0F);
  CHECK(values[16] == 256.0F);  // scale 0 - 32, value 0 - 4
}

TEST_CASE("q4_k and q5_k: eight scales and minima in twelve bytes") {
  const auto scales = "\x41\x02\x03\x04\x85\x06\x07\x08\x21\x00\x00\x00"s;
  const auto four = decoded(Dtype::q4_k, k_one + k_half + scales + repeated(128, '\x21'));
  CHECK(four[0] == 1.0F * 1 - 0.5F * 5);
  CHECK(four[32] == 2.0F * 2 - 0.5F * 6);
  CHECK(four[128] == 17.0F * 1 - 0.5F * 34);
  const auto five = decoded(Dtype::q5_k, k_one + k_half + scales + repeated(32, '\x02') + repeated(128, '\x21'));
  CHECK(five[0] == 1.0F * 1 - 0.5F * 5);
  CHECK(five[32] == 2.0F * 18 - 0.5F * 6);
}

TEST_CASE("q6_k: four low bits, two high bits, signed scales") {
  auto block = repeated(210, '\0');
  block[0] = '\xf1';            // value 0 is 1, value 64 is 15
  block[128] = '\x83';          // their high bits: 3 for value 0, 0 for value 64, 2 for value 96
  block[192] = '\x02';
  block[196] = '\xff';
  block[198] = '\x01';
  block.replace(208, 2, k_half);
  const auto values = decoded(Dtype::q6_k, block);
  CHECK(values[0] == 17.0F);
  CHECK(values[1] == -32.0F);
  CHECK(values[64] == 8.5F);
  CHECK(values[96] == 0.0F);
}

TEST_CASE("iq4_nl, iq4_xs: values from a table of sixteen") {
  CHECK(decoded(Dtype::iq4_nl, k_two + repeated(16, '\xf0'))[0] == -254.0F);
  CHECK(decoded(Dtype::iq4_nl, k_two + repeated(16, '\xf0'))[31] == 226.0F);
  const auto values = decoded(Dtype::iq4_xs, k_one + "\x02\x00"s + "\x01\x00\x00\x00"s + repeated(128, '\x8f'));
  CHECK(values[0] == 113.0F);
  CHECK(values[16] == 1.0F);
  CHECK(values[32] == -32.0F * 113.0F);
}

TEST_CASE("tq1_0, tq2_0: minus one, nothing, one") {
  const auto five = decoded(Dtype::tq1_0, repeated(52, '\xff') + k_two);
  CHECK(std::all_of(five.begin(), five.end(), [](float value) { return value == 2.0F; }));
  const auto two = decoded(Dtype::tq2_0, repeated(64, '\x24') + k_two);
  CHECK(two[0] == -2.0F);
  CHECK(two[32] == 0.0F);
  CHECK(two[64] == 2.0F);
}

TEST_CASE("mxfp4: a power of two and e2m1") {
  const auto values = decoded(Dtype::mxfp4, "\x80"s + repeated(16, '\xf1'));
  CHECK(values[0] == 1.0F);
  CHECK(values[16] == -12.0F);
  CHECK(decoded(Dtype::mxfp4, "\0"s + repeated(16, '\x02'))[0] == std::ldexp(1.0F, -127));
}

TEST_CASE("types of large tables and plain types are not decoded") {
  CHECK(decodable().size() == 17);
  CHECK_FALSE(numeric::can_dequantise(Dtype::iq2_xxs));
  CHECK_FALSE(numeric::can_dequantise(Dtype::f32));
}

TEST_CASE("a block meter gives the same for any split of its bytes") {
  for (const auto dtype : decodable()) {
    const auto bytes = random_bytes(info(dtype).block_bytes * 600U);
    numeric::BlockMeter meter;
    meter.reset(dtype);
    meter.add(bytes);
    const auto whole = meter.finish();
    for (const std::size_t step : {1U, 7U, 100U, 4096U}) {
      meter.reset(dtype);
      for (std::size_t at = 0; at < bytes.size(); at += step) {
        meter.add(std::span(bytes).subspan(at, std::min(step, bytes.size() - at)));
      }
      INFO(info(dtype).name << " in steps of " << step);
      CHECK(meter.finish() == whole);
    }
  }
}

TEST_CASE("turning the fields of blocks round twice changes nothing, once only the numbers") {
  for (const auto dtype : decodable()) {
    const auto bytes = random_bytes(info(dtype).block_bytes * 3U);
    auto turned = bytes;
    numeric::swap_block_fields(dtype, turned);
    INFO(info(dtype).name);
    CHECK((turned == bytes) == (dtype == Dtype::mxfp4));
    numeric::swap_block_fields(dtype, turned);
    CHECK(turned == bytes);
  }
  std::string block = "\x40\x00"s + repeated(16, '\x09');
  numeric::swap_block_fields(Dtype::q4_0, std::as_writable_bytes(std::span(block)));
  CHECK(decoded(Dtype::q4_0, block)[0] == 2.0F);
}
