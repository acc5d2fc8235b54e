// SPDX-License-Identifier: Apache-2.0
#include "forensics/stream_scan.hpp"

#include "forensics/blind_search.hpp"
#include "forensics/field_packer.hpp"
#include "forensics/even_stretch.hpp"
#include "forensics/honest_planes.hpp"
#include "forensics/value_origin.hpp"
#include "support/catch.hpp"
#include "support/noise.hpp"
#include "support/sanitized.hpp"

#include <bit>
#include <cmath>
#include <random>
#include <string_view>

using namespace upinspect;
using namespace upinspect::forensics;

namespace {

/// Normally distributed f32, little-endian.
std::vector<std::byte> weights(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.02F);
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < count; ++i) {
    const auto pattern = std::bit_cast<std::uint32_t>(normal(random));
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<std::byte>(pattern >> shift & 0xffU));
    }
  }
  return bytes;
}

/// Writes `text` into the `bits` lowest bits from element `start` on, first bit highest.
void hide(std::vector<std::byte>& bytes, unsigned width, std::string_view text, std::size_t start, unsigned bits, std::size_t stride = 1) {
  const auto total = text.size() * 8;
  for (std::size_t i = 0; i * bits < total; ++i) {
    auto& low = bytes[(start + i * stride) * width];
    auto value = std::to_integer<unsigned>(low);
    for (unsigned bit = 0; bit < bits; ++bit) {
      const auto at = i * bits + bit;
      const auto set = at < total ? static_cast<unsigned>(text[at / 8]) >> (7 - at % 8) & 1U : 0U;
      const auto place = bits - 1 - bit;
      value = (value & ~(1U << place)) | set << place;
    }
    low = static_cast<std::byte>(value);
  }
}

Carrier carrier_of(std::vector<std::byte> bytes) {
  Carrier carrier;
  carrier.width = 4;
  carrier.fraction = 23;
  carrier.parts.push_back({"w", 0, 0, bytes.size() / 4, 0, false});
  carrier.bytes = std::move(bytes);
  return carrier;
}

std::vector<Payload> searched(const Carrier& carrier) {
  BlindSearch search(carrier);
  for (std::size_t layout = 0; layout < search.layouts(); ++layout) {
    search.scan(layout);
  }
  return search.read_out(blind_readings(carrier.width));
}

std::string text_of(const Payload& payload) {
  std::string text;
  for (const auto byte : payload.content) {
    text += std::to_integer<char>(byte);
  }
  return text;
}

constexpr std::string_view k_sentence = "The calibration was overridden by hand, and nobody wrote it down anywhere.\n";

}  // namespace

TEST_CASE("A packer gives what the plain reader gives, whatever the pieces") {
  const auto bytes = test::noise(4 * 1001, 3);
  for (const unsigned width : {1U, 2U, 4U}) {
    const ElementRun run{std::span(bytes).first(bytes.size() / width * width), width};
    for (unsigned bits = 1; bits <= std::min(24U, width * 8); ++bits) {
      for (const auto byte_order : {BitOrder::msb, BitOrder::lsb}) {
        for (const auto field_order : {BitOrder::msb, BitOrder::lsb}) {
          for (const bool reversed : {false, true}) {
            const auto base = reversed ? width * 8 - bits : 0;
            const Field field{bits, base, field_order, byte_order, 1 + bits % 3, bits % 2, reversed};
            FieldPacker packer(run, field);
            std::vector<std::byte> packed;
            while (packer.left() != 0) {
              packer.pack(37, packed);
            }
            CHECK(packed == read_field(run, field));
          }
        }
      }
    }
  }
}

TEST_CASE("A scan of noise marks next to nothing") {
  const auto bytes = test::noise(1 << 20, 11);
  const ElementRun run{bytes, 4};
  std::size_t seeds = 0;
  for (unsigned bits = 1; bits <= 8; ++bits) {
    Field field;
    field.bits = bits;
    for (const auto& seed : scan_stream(run, field, 8, 6).seeds) {
      seeds += seed.bytes != 0 && seed.log_p < -14 ? 1 : 0;
    }
  }
  CHECK(seeds == 0);
}

TEST_CASE("Text is marked in every alignment and across the borders of pieces") {
  for (const std::size_t start : {std::size_t{0}, std::size_t{5}, std::size_t{57344 * 8 - 100}, std::size_t{458745}, std::size_t{499000}}) {
    auto bytes = test::noise(4 * 500000, 17);
    hide(bytes, 4, k_sentence, start, 1);
    const auto scan = scan_stream({bytes, 4}, Field{}, 8, 6);
    const auto near = [&](const Seed& seed) {
      return seed.bytes != 0 && seed.log_p < -40 && seed.bit + 80 > start && seed.bit < start + k_sentence.size() * 8;
    };
    CHECK(std::any_of(scan.seeds.begin(), scan.seeds.end(), near));
  }
}

TEST_CASE("A blind search reads a sentence out, and honest weights are silent") {
  CHECK(searched(carrier_of(weights(60000, 1))).empty());
  for (unsigned bits = 1; bits <= 8; bits += test::k_sanitized ? 3 : 1) {
    auto bytes = weights(60000, bits);
    hide(bytes, 4, k_sentence, 12345, bits);
    const auto payloads = searched(carrier_of(std::move(bytes)));
    REQUIRE(payloads.size() == 1);
    CHECK(text_of(payloads[0]).find(k_sentence.substr(0, k_sentence.size() - 1)) != std::string::npos);
    CHECK(payloads[0].size <= k_sentence.size() + 6);
    CHECK(payloads[0].layout.bits == bits);
    CHECK(payloads[0].p_value < 1e-6);
  }
}

TEST_CASE("Every stride up to sixteen is tried") {
  for (std::size_t stride = 2; stride <= 16; stride += test::k_sanitized ? 7 : 1) {
    auto bytes = weights(40000, static_cast<unsigned>(stride));
    hide(bytes, 4, k_sentence, 1001, 1, stride);
    const auto payloads = searched(carrier_of(std::move(bytes)));
    REQUIRE(payloads.size() == 1);
    CHECK(payloads[0].layout.stride == stride);
    CHECK(text_of(payloads[0]).find(k_sentence.substr(0, 60)) != std::string::npos);
  }
}

TEST_CASE("Bits of trained weights follow Benford's law") {
  CHECK(benford_one(1) == Approx(0.41504).margin(1e-5));
  CHECK(benford_one(2) == Approx(0.45568).margin(1e-5));
  CHECK(benford_one(5) == Approx(0.49437).margin(1e-5));
  CHECK(0.5 - benford_one(20) == Approx(0.352e-3 / 2048).epsilon(0.02));
}

TEST_CASE("A stretch of even bits is found and placed") {
  auto bytes = weights(200000, 5);
  CHECK_FALSE(StretchSearch({bytes, 4}, bytes.size() / 4).low_bits());
  const auto random = test::noise(3 * 20000, 6);
  for (std::size_t i = 0; i < 20000; ++i) {
    auto* element = bytes.data() + (90000 + i) * 4;
    element[0] = random[3 * i];
    element[1] = random[3 * i + 1];
    element[2] = (element[2] & std::byte{0xc0}) | (random[3 * i + 2] & std::byte{0x3f});  // 22 bits
  }
  const auto stretch = StretchSearch({bytes, 4}, bytes.size() / 4).low_bits();
  REQUIRE(stretch);
  CHECK(stretch->bits == 22);
  CHECK(std::abs(static_cast<double>(stretch->where.first) - 90000) < 3000);
  CHECK(std::abs(static_cast<double>(stretch->where.last) - 110000) < 3000);
}

TEST_CASE("One number that was not widened is found among those that were") {
  auto bytes = weights(5000, 9);
  for (std::size_t i = 0; i < 5000; ++i) {
    bytes[i * 4] = std::byte{0};
    bytes[i * 4 + 1] &= std::byte{0xe0};
  }
  CHECK_FALSE(broken_upcast({bytes, 4}));
  bytes[4321 * 4] = std::byte{1};
  const auto broken = broken_upcast({bytes, 4});
  REQUIRE(broken);
  CHECK(broken->elements == std::vector<std::uint64_t>{4321});
  CHECK(broken->touched == 1);
  CHECK(broken->low_bits == 1);
}

TEST_CASE("What is no run of tensors is passed over: empty, tiny, NaN") {
  CHECK(searched(carrier_of({})).empty());
  CHECK(searched(carrier_of(std::vector<std::byte>(4))).empty());
  CHECK(searched(carrier_of(std::vector<std::byte>(4 * 3000, std::byte{0xff}))).empty());
  CHECK(searched(carrier_of(std::vector<std::byte>(4 * 3000, std::byte{'a'}))).empty());
  CHECK_FALSE(StretchSearch({std::span<const std::byte>(), 4}, 0).low_bits());
}
