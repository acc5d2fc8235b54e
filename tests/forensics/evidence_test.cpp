// SPDX-License-Identifier: Apache-2.0
// What counts as evidence where nothing is proven: fronts of files, bytes of programs, bits that follow one another; and how it is weighed.
#include "forensics/bit_patterns.hpp"
#include "forensics/blind_layouts.hpp"
#include "forensics/carve.hpp"
#include "forensics/honest_planes.hpp"
#include "forensics/on_a_grid.hpp"
#include "forensics/program_bytes.hpp"
#include "support/catch.hpp"
#include "support/noise.hpp"
#include "support/text_bytes.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

using namespace upinspect;
using namespace upinspect::forensics;

namespace {

std::vector<std::byte> before_noise(std::string_view front, std::size_t cut = 0) {
  auto bytes = test::noise(2000, 7);
  std::transform(front.begin(), front.end() - static_cast<std::ptrdiff_t>(cut), bytes.begin(), [](char letter) { return static_cast<std::byte>(letter); });
  return bytes;
}

struct Front {
  std::string_view kind;
  std::string_view bytes;
};

constexpr std::string_view k_elf("\x7f" "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", 16);
constexpr std::array k_known = {
    Front{"elf", k_elf},
    Front{"elf", std::string_view("\x7f" "ELF\x01\x02\x01\x03\0\0\0\0\0\0\0\0", 16)},
    Front{"pe", std::string_view("MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0", 16)},
    Front{"png", std::string_view("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16)},
    Front{"zip", std::string_view("PK\x03\x04\x14\0\0\0\x08\0\x21\x43\x65\x58\x11\x22\x33\x44\x10\0\0\0\x30\0\0\0\x0b\0\0\0payload.exe", 41)},
    Front{"pdf", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"},
};

/// What a compiler makes of two short functions for x86-64.
constexpr std::string_view k_code(
    "\x55\x48\x89\xe5\x48\x83\xec\x20\x89\x7d\xec\x48\x89\x75\xe0\x8b\x45\xec\x89\xc7\xe8\x17\x00\x00\x00\x48\x8b\x45\xe0\x48\x8b\x00"
    "\x48\x89\xc7\xe8\x08\xff\xff\xff\xb8\x00\x00\x00\x00\xc9\xc3\x0f\x1f\x44\x00\x00\xf3\x0f\x1e\xfa\x41\x57\x41\x56\x41\x55\x41\x54",
    64);

}  // namespace

TEST_CASE("packed data that hold nothing prove nothing") {
  const auto packed = [](std::string_view content) {
    std::string out(64, '\0');
    uLongf length = out.size();
    REQUIRE(compress(reinterpret_cast<Bytef*>(out.data()), &length, reinterpret_cast<const Bytef*>(content.data()), content.size()) == Z_OK);
    return before_noise(std::string_view(out).substr(0, length));
  };
  CHECK(carve_at(packed("a"), 0).has_value());
  CHECK_FALSE(carve_at(packed(""), 0).has_value());
  CHECK_FALSE(carve_at(before_noise(std::string_view("\x78\x01\x03\x58\0\0\0\x01", 8)), 0).has_value());
  const std::string_view gzip("\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", 20);
  CHECK_FALSE(carve_at(before_noise(gzip), 0).has_value());
}

TEST_CASE("The front of a file is known whatever follows, and not where a byte is missing") {
  for (const auto& [kind, bytes] : k_known) {
    CAPTURE(kind);
    const auto whole = before_noise(bytes);
    const auto front = carve_at(whole, 0);
    REQUIRE(front);
    CHECK(front->kind == kind);
    CHECK(front->evidence == PayloadEvidence::known_header);
    CHECK(front->length == bytes.size());
    CHECK(front->bits >= 100);
    CHECK(carve_at(test::text_bytes(bytes), 0).has_value());
    CHECK_FALSE(carve_at(before_noise(bytes, 1), 0).has_value());
    CHECK_FALSE(carve_at(test::text_bytes(bytes.substr(0, bytes.size() - 1)), 0).has_value());
  }
}

TEST_CASE("Every field of an ELF file's front counts") {
  for (std::size_t at = 0; at < k_elf.size(); ++at) {
    auto bytes = before_noise(k_elf);
    bytes[at] = std::byte{0x55};
    CAPTURE(at);
    CHECK_FALSE(carve_at(bytes, 0).has_value());
  }
}

TEST_CASE("Code stands out of noise, which holds none itself") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    auto bytes = test::noise(50000, seed);
    CHECK(best_program(bytes, BitLean(bytes)).gain < std::log(50000) + 7);
    std::transform(k_code.begin(), k_code.end(), bytes.begin() + 30000, [](char letter) { return static_cast<std::byte>(letter); });
    const auto found = best_program(bytes, BitLean(bytes));
    CHECK(found.gain > std::log(50000) + 25);
    CHECK(found.begin >= 29990);
    CHECK(found.begin <= 30005);
    CHECK(found.end <= 30074);
  }
}

TEST_CASE("Zeros that are usual in a stream are no program") {
  const auto noise = test::noise(150000, 3);
  for (const std::size_t sparse : {std::size_t{50000}, std::size_t{2000}}) {
    std::vector<std::byte> bytes(noise.begin(), noise.begin() + 50000);
    for (std::size_t i = 0; i < sparse; ++i) {
      bytes[i] &= noise[50000 + i] & noise[100000 + i];
    }
    CHECK(best_program(bytes, BitLean(bytes)).gain < std::log(50000) + 7);
  }
}

TEST_CASE("Deflated data follow one another unevenly, noise does not") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    for (const auto& window : pattern_windows(test::noise(40000, seed))) {
      CHECK(window.log_p > -12);
      CHECK(window.end <= 40000);
    }
  }
  CHECK(pattern_windows(test::noise(255, 1)).empty());
  CHECK(pattern_windows(test::noise(700, 1)).size() == 1);
  std::string text;
  for (unsigned i = 0; text.size() < 400000; ++i) {
    text += "line " + std::to_string(i * 2654435761U) + (i % 3 == 0 ? " is kept\n" : " goes\n");
  }
  std::vector<Bytef> packed(compressBound(text.size()));
  auto size = static_cast<uLongf>(packed.size());
  REQUIRE(compress(packed.data(), &size, reinterpret_cast<const Bytef*>(text.data()), text.size()) == Z_OK);
  auto bytes = test::noise(100000, 2);
  std::transform(packed.begin() + 1000, packed.begin() + 1000 + 32768, bytes.begin() + 32768, [](Bytef byte) { return static_cast<std::byte>(byte); });
  const auto windows = pattern_windows(bytes);
  const auto best = *std::min_element(windows.begin() + 1, windows.end(), [](const auto& a, const auto& b) { return a.log_p < b.log_p; });
  CHECK(best.log_p < -25);
  CHECK(best.begin >= 32768);
  CHECK(best.end <= 65536);
}

TEST_CASE("The chances of all readings together are what is let pass") {
  for (const unsigned width : {1U, 2U, 4U, 8U}) {
    const auto readings = blind_readings(width);
    double sum = 0;
    for (const auto& [count, prior] : {std::pair(readings.likely, Prior::likely), std::pair(readings.plain, Prior::plain), std::pair(readings.other, Prior::other)}) {
      sum += static_cast<double>(count) * std::exp(-readings.log_weight(prior));
    }
    CHECK(sum == Approx(1));
    CHECK(readings.log_weight(Prior::likely) < readings.log_weight(Prior::plain));
    CHECK(readings.log_weight(Prior::plain) < readings.log_weight(Prior::other));
  }
  CHECK(blind_readings(4).likely == 2 * (7 * 2 + 1));  // of eight bits there is one alignment
}

TEST_CASE("Text at a stride is told from the grid between its elements") {
  Carrier carrier;
  carrier.fraction = 23;
  const auto noise = test::noise(2 * 4000, 9);
  for (std::size_t i = 0; i < 4000; ++i) {
    // Sixteen levels: all other bits are a level's.
    const auto level = static_cast<unsigned>(noise[i]) & 15U;
    for (const auto byte : {level * 3, level * 7, level, 60U}) {
      carrier.bytes.push_back(static_cast<std::byte>(byte & 0xffU));
    }
  }
  carrier.parts.push_back({"w", 0, 0, 4000, 0, false});
  Field field;
  field.stride = 5;
  CHECK(is_on_a_grid(carrier, field, 1000, 3000));
  for (std::size_t i = 1000; i <= 3000; i += 5) {
    auto& low = carrier.bytes[i * 4];
    low = (low & std::byte{0xfe}) | (noise[4000 + i] & std::byte{1});
  }
  CHECK_FALSE(is_on_a_grid(carrier, field, 1000, 3000));
}
