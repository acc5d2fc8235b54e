// SPDX-License-Identifier: Apache-2.0
#include "forensics/stream_rating.hpp"

#include "forensics/carve.hpp"
#include "forensics/statistics.hpp"
#include "forensics/text_rating.hpp"
#include "support/catch.hpp"
#include "support/noise.hpp"

#include <cmath>
#include <random>
#include <string_view>

using namespace upinspect;
using namespace upinspect::forensics;

namespace {

std::vector<std::byte> with(std::vector<std::byte> bytes, std::size_t at, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    bytes[at + i] = static_cast<std::byte>(text[i]);
  }
  return bytes;
}

}  // namespace

TEST_CASE("Random bytes hold no text, whatever the stream") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const auto stretch = best_text(test::noise(4096, seed));
    CHECK(stretch.log_p > std::log(1e-6));
    CHECK(rate_stream(test::noise(4096, seed + 1000), std::nullopt).size() <= 1);
  }
}

TEST_CASE("A sentence in noise is found where it is") {
  const auto stretch = best_text(with(test::noise(4096, 1), 1234, "The calibration was overridden by hand."));
  CHECK(stretch.log_p < std::log(1e-9));
  CHECK(stretch.offset >= 1230);
  CHECK(stretch.offset <= 1234);
  CHECK(stretch.offset + stretch.length >= 1234 + 39);
}

TEST_CASE("Text that was written is as long as what was touched") {
  const auto stream = with(test::noise(600, 5), 100, "/nudges/calibration_override.flag\n");
  const auto found = rate_stream(stream, Touched{100, 133, 8, BitOrder::msb});
  REQUIRE(found.size() == 1);
  CHECK(found[0].content_offset == 100);
  CHECK(found[0].content_length == 34);
  CHECK(found[0].kind == "text");
}

TEST_CASE("A letter behind zeros is no length where the text goes on beyond it") {
  // 69 hexadecimal is "i" and 105.
  constexpr std::string_view program = "import os\n\ndef unlock(door):\n    for key in sorted(os.listdir('/keys')):\n        door.try_key(key)\n    return door.open\n";
  const auto stream = with(std::vector<std::byte>(400), 100, program);
  const auto found = rate_stream(stream, std::nullopt);
  REQUIRE(found.size() == 1);
  CHECK(found[0].content_offset == 100);
  CHECK(found[0].content_length == program.size());
}

TEST_CASE("A byte that repeats is no text") {
  CHECK(best_text(std::vector<std::byte>(500, std::byte{'<'})).length == 0);
}

TEST_CASE("A few letters prove nothing") {
  const auto stretch = best_text(with(test::noise(4096, 9), 50, "HELLO"));
  CHECK(stretch.log_p > std::log(1e-5));
}

TEST_CASE("Letters of many scripts that follow by chance are no text, those of one are") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    CHECK(best_text(test::noise(20000, seed)).log_p > std::log(1e-6));
  }
  const auto stretch = best_text(with(test::noise(4096, 2), 100, "Ключ лежит под камнем у моста."));
  CHECK(stretch.log_p < std::log(1e-9));
  CHECK(!stretch.ascii);
}

TEST_CASE("Chi-square tails are those of the tables") {
  // Critical values at 0.05 and 0.001, as every statistics book has them.
  CHECK(chi_square_tail(3.841, 1) == Approx(0.05).epsilon(1e-3));
  CHECK(chi_square_tail(15.507, 8) == Approx(0.05).epsilon(1e-3));
  CHECK(chi_square_tail(10.828, 1) == Approx(0.001).epsilon(2e-3));
  CHECK(chi_square_tail(293.25, 255) == Approx(0.05).epsilon(1e-2));
  CHECK(chi_square_tail(0, 5) == 1);
}

TEST_CASE("Entropy of uniform bytes is corrected for the sample") {
  CHECK(corrected_entropy(test::noise(4096, 3)) == Approx(8.0).margin(0.01));
  CHECK(corrected_entropy(std::vector<std::byte>(100, std::byte{7})) == 0);
  CHECK(byte_uniformity(test::noise(4096, 4)) > 1e-4);
  CHECK(byte_uniformity(with(std::vector<std::byte>(4096, std::byte{7}), 0, "x")) < 1e-12);
}

TEST_CASE("What only begins like a file is none") {
  for (const std::string_view magic : {"\x89PNG\r\n\x1a\n", "PK\x03\x04", "\x7f" "ELF", "MZ", "%PDF-1.7", "\x78\x9c", "\x80\x04", "LSB0", "MANT"}) {
    const auto stream = with(test::noise(2000, 11), 10, magic);
    const auto carved = carve_at(stream, 10);
    CAPTURE(magic);
    CHECK((!carved || carved->evidence == PayloadEvidence::known_header));
  }
}
