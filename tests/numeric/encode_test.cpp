// SPDX-License-Identifier: Apache-2.0
// The digests are of what numpy 1.24 and torch 1.13 make of the same numbers, NaN brought to one pattern:
//
//     i = np.arange(1 << 20, dtype=np.uint64)
//     x = ((i * 2654435761) % 2**32).astype(np.uint32).view(np.float32)
//     x.astype(np.float16); torch.from_numpy(x).to(torch.bfloat16)
//     e = (np.uint64(1023 - 30) + i % np.uint64(48)) << np.uint64(52)
//     b = i * np.uint64(0x9E3779B97F4A7C15)
//     f = (b >> np.uint64(12)) & np.uint64(0x000fff0000000000) | (i >> np.uint64(7)) & np.uint64(1)
//     d = ((b >> np.uint64(63)) << np.uint64(63) | e | f).view(np.float64); d.astype(np.float16); d.astype(np.float32)
#include "numeric/encode.hpp"

#include "bytes/digest.hpp"
#include "numeric/load.hpp"
#include "numeric/samples.hpp"
#include "numeric/small_float.hpp"
#include "numeric/values.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <limits>

using namespace upinspect;
using namespace upinspect::numeric;

namespace {

constexpr std::size_t k_count = std::size_t{1} << 20;

std::vector<float> all_kinds_of_floats() {
  std::vector<float> values(k_count);
  for (std::uint64_t i = 0; i < k_count; ++i) {
    values[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i * 2654435761U));
  }
  return values;
}

std::vector<double> doubles_with_ties() {
  std::vector<double> values(k_count);
  for (std::uint64_t i = 0; i < k_count; ++i) {
    const auto mixed = i * 0x9E3779B97F4A7C15U;
    const auto exponent = (1023 - 30 + i % 48) << 52;
    const auto fraction = (mixed >> 12 & 0x000fff0000000000U) | (i >> 7 & 1U);
    values[i] = std::bit_cast<double>(mixed >> 63 << 63 | exponent | fraction);
  }
  return values;
}

template <typename Float>
test::Bytes encoded(Dtype dtype, const std::vector<Float>& values) {
  test::Bytes out(values.size() * info(dtype).block_bytes);
  encode_values(dtype, std::span<const Float>(values), out);
  return out;
}

/// Elements of two bytes, each NaN replaced by `nan`.
template <typename Float>
std::string digest(const std::vector<Float>& values, test::Bytes elements, std::uint16_t nan) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) {
      store_le(nan, elements.data() + 2 * i);
    }
  }
  return bytes::sha256_hex(elements);
}

std::uint32_t pattern(Dtype dtype, double value) {
  const auto bytes = encoded(dtype, std::vector<double>{value});
  return bytes.size() == 1 ? std::to_integer<std::uint32_t>(bytes[0]) : load_le<std::uint16_t>(bytes.data());
}

std::uint32_t pattern_of_float(Dtype dtype, float value) {
  const auto bytes = encoded(dtype, std::vector<float>{value});
  return bytes.size() == 1 ? std::to_integer<std::uint32_t>(bytes[0]) : load_le<std::uint16_t>(bytes.data());
}

constexpr Dtype k_small[] = {Dtype::f16,     Dtype::bf16,        Dtype::f8_e4m3,
                             Dtype::f8_e5m2, Dtype::f8_e4m3fnuz, Dtype::f8_e5m2fnuz};

}  // namespace

TEST_CASE("floats round as numpy and torch round them") {
  const auto values = all_kinds_of_floats();
  CHECK(digest(values, encoded(Dtype::f16, values), 0x7e00) == "6939760c3b206c144825c0462a6527b7309cde04aa0f411351917c1a8498c6fd");
  CHECK(digest(values, encoded(Dtype::bf16, values), 0x7fc0) == "faa0d60a7362bce7e09b3ede520eb2c0cf1ba87e07c032d443eb6545d2be3e4f");
}

TEST_CASE("doubles round once, as numpy rounds them") {
  const auto values = doubles_with_ties();
  CHECK(bytes::sha256_hex(encoded(Dtype::f16, values)) == "bab305aed532f9697f37254a9f3181acdacb44c005aaa4cd05af2216935de72a");
  CHECK(bytes::sha256_hex(encoded(Dtype::f32, values)) == "f4f719abe7c1b1294ec76311b592e07b1131bcc8e998159c8edc8bbbb074e5e5");
}

TEST_CASE("every element of the small floats is its own nearest, and between two the even one wins a tie") {
  for (const auto dtype : k_small) {
    const auto format = small_float(dtype).value();
    const std::uint32_t sign = std::uint32_t{1} << (format.exponent_bits + format.fraction_bits);
    for (std::uint32_t bits = 0; bits < sign; ++bits) {
      const double value = to_double(format, bits);
      if (!std::isfinite(value)) {
        continue;
      }
      CAPTURE(info(dtype).name, bits, value);
      REQUIRE(pattern(dtype, value) == bits);
      REQUIRE(pattern_of_float(dtype, static_cast<float>(value)) == bits);
      const bool has_negative = bits != 0 || format.specials != Specials::fnuz;
      REQUIRE(pattern(dtype, -value) == (has_negative ? bits | sign : 0));
      const double next = bits + 1 < sign ? to_double(format, bits + 1) : std::numeric_limits<double>::infinity();
      if (std::isfinite(next)) {
        const double middle = value + (next - value) / 2;
        REQUIRE(pattern(dtype, middle) == ((bits & 1) == 0 ? bits : bits + 1));
        REQUIRE(pattern_of_float(dtype, static_cast<float>(middle)) == ((bits & 1) == 0 ? bits : bits + 1));
        REQUIRE(pattern(dtype, std::nextafter(middle, value)) == bits);
        REQUIRE(pattern(dtype, std::nextafter(middle, next)) == bits + 1);
      }
    }
  }
}

TEST_CASE("what lies beyond the greatest element does not saturate") {
  CHECK(pattern(Dtype::f16, 65519.99) == 0x7bff);
  CHECK(pattern(Dtype::f16, -65520) == 0xfc00);
  CHECK(pattern_of_float(Dtype::f16, 1e30F) == 0x7c00);
  CHECK(pattern(Dtype::bf16, 3.4e38) == 0x7f80);
  CHECK(pattern(Dtype::f8_e5m2, 61440) == 0x7c);
  // From torch's float8_e4m3fn: 464 is a tie and goes to the even 448; more is NaN.
  CHECK(pattern(Dtype::f8_e4m3, 464) == 0x7e);
  CHECK(pattern(Dtype::f8_e4m3, 464.01) == 0x7f);
  CHECK(pattern(Dtype::f8_e4m3, -std::numeric_limits<double>::infinity()) == 0xff);
  CHECK(pattern(Dtype::f8_e4m3fnuz, 248) == 0x80);
  CHECK(pattern(Dtype::f8_e4m3fnuz, 247.9) == 0x7f);
  CHECK(pattern(Dtype::f8_e5m2fnuz, -1e9) == 0x80);
  CHECK(pattern(Dtype::f8_e5m2fnuz, -1e-9) == 0);
}

TEST_CASE("NaN stays NaN, whichever it is") {
  const float payload = std::bit_cast<float>(0xff800001U);
  CHECK(std::isnan(to_double(k_f16, pattern_of_float(Dtype::f16, payload))));
  CHECK(std::isnan(to_double(k_bf16, pattern_of_float(Dtype::bf16, payload))));
  for (const auto dtype : k_small) {
    CHECK(std::isnan(to_double(small_float(dtype).value(), pattern(dtype, std::numeric_limits<double>::quiet_NaN()))));
  }
}

TEST_CASE("every small float decodes to its value in float and double") {
  for (const auto dtype : {Dtype::f16, Dtype::bf16, Dtype::f8_e4m3, Dtype::f8_e5m2, Dtype::f8_e4m3fnuz,
                           Dtype::f8_e5m2fnuz, Dtype::f8_e8m0}) {
    REQUIRE(has_values(dtype));
    const auto width = std::size_t{info(dtype).block_bytes};
    const std::size_t count = std::size_t{1} << (8 * width);
    test::Bytes elements(count * width);
    for (std::size_t i = 0; i < elements.size(); ++i) {
      elements[i] = static_cast<std::byte>(i / width >> (8 * (i % width)));
    }
    std::vector<float> floats(count);
    std::vector<double> doubles(count);
    decode_values(dtype, elements, floats);
    decode_values(dtype, elements, doubles);
    for (std::uint32_t bits = 0; bits < count; ++bits) {
      const double value = to_double(small_float(dtype).value(), bits);
      CAPTURE(info(dtype).name, bits);
      REQUIRE((std::isnan(value) ? std::isnan(doubles[bits]) : std::bit_cast<std::uint64_t>(doubles[bits]) == std::bit_cast<std::uint64_t>(value)));
      REQUIRE((std::isnan(value) ? std::isnan(floats[bits]) : floats[bits] == static_cast<float>(value)));
    }
  }
}

TEST_CASE("integers, booleans and blocks decode to their values") {
  const auto integers = test::little_endian(std::vector<std::int64_t>{-3, std::int64_t{1} << 53, -1});
  std::vector<double> doubles(3);
  decode_values(Dtype::i64, integers, doubles);
  CHECK(doubles == std::vector<double>{-3, 0x1p53, -1});
  decode_values(Dtype::u64, integers, doubles);
  CHECK(doubles == std::vector<double>{0x1p64, 0x1p53, 0x1p64});
  const test::Bytes truths{std::byte{0}, std::byte{1}, std::byte{255}};
  decode_values(Dtype::boolean, truths, doubles);
  CHECK(doubles == std::vector<double>{0, 1, 1});

  // A q8_0 block: the scale 0.5 as f16, then 32 signed bytes.
  test::Bytes block{std::byte{0x00}, std::byte{0x38}};
  for (int i = 0; i < 32; ++i) {
    block.push_back(static_cast<std::byte>(i - 16));
  }
  std::vector<double> values(32);
  decode_values(Dtype::q8_0, block, values);
  CHECK(values.front() == -8);
  CHECK(values.back() == 7.5);
  CHECK(!has_values(Dtype::c64));
  CHECK(!has_values(Dtype::f6_e2m3));
  CHECK(!can_encode(Dtype::i8));
}
