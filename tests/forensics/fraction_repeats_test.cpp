// SPDX-License-Identifier: Apache-2.0
// Numbers that come again are quantised, tied or constant; fractions that come again under any exponent were written.
#include "forensics/fraction_repeats.hpp"

#include "support/catch.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

using namespace upinspect;
using namespace upinspect::forensics;

namespace {

constexpr std::size_t k_count = 40000;

/// As little-endian float32, each by its index.
std::vector<std::byte> numbers(const std::function<std::uint32_t(std::size_t)>& make) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < k_count; ++i) {
    for (unsigned byte = 0; byte < 4; ++byte) {
      bytes.push_back(static_cast<std::byte>(make(i) >> (8 * byte) & 0xffU));
    }
  }
  return bytes;
}

bool verdict(const std::vector<std::byte>& bytes) { return repeats_in_fractions_alone({bytes, 4}); }

std::vector<float> weights(unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<float> values(k_count);
  for (auto& value : values) {   // the sum of twelve even ones: near enough, and the same everywhere
    value = -6;
    for (int i = 0; i < 12; ++i) {
      value += static_cast<float>(random() >> 8) * 0x1p-24F;
    }
  }
  return values;
}

std::uint32_t pattern(float value) { return std::bit_cast<std::uint32_t>(value); }

/// Half of them a few thousand again and again, the others once, as fields of a program that was written.
std::vector<std::uint32_t> written_fractions() {
  std::mt19937 random(5);
  std::vector<std::uint32_t> fractions(k_count);
  for (auto& fraction : fractions) {
    const auto again = static_cast<std::uint32_t>(random() % 3000) * 2654435761U;
    fraction = (random() % 2 == 0 ? again : static_cast<std::uint32_t>(random())) >> 9;
  }
  return fractions;
}

}  // namespace

TEST_CASE("Fractions that come again under any exponent were written") {
  const auto old = weights();
  const auto fractions = written_fractions();
  CHECK(verdict(numbers([&](std::size_t i) { return (pattern(old[i]) & 0xff800000U) | fractions[i]; })));
}

TEST_CASE("Fractions that come again below one exponent are numbers that do") {
  const auto fractions = written_fractions();
  CHECK_FALSE(verdict(numbers([&](std::size_t i) { return 0x3c000000U | fractions[i]; })));
}

TEST_CASE("Quantised weights repeat as numbers, whatever the scale is shared by") {
  const auto old = weights();
  for (const float levels : {7.0F, 127.0F, 32767.0F}) {
    for (const std::size_t block : {std::size_t{32}, std::size_t{1000}, k_count}) {
      CAPTURE(levels, block);
      CHECK_FALSE(verdict(numbers([&](std::size_t i) {
        const auto scale = (4 + static_cast<float>(i / block % 97) * 0.031F) / levels;
        return pattern(std::round(old[i] / scale) * scale);
      })));
    }
  }
}

TEST_CASE("Floats of eight bits times a scale have a few fractions and any exponent") {
  const auto old = weights();
  for (const std::size_t block : {std::size_t{128}, std::size_t{1000}, k_count}) {
    CAPTURE(block);
    CHECK_FALSE(verdict(numbers([&](std::size_t i) {
      const auto narrow = std::bit_cast<float>((pattern(old[i]) + 0x80000U) & 0xfff00000U);   // three bits of a fraction are left
      return pattern(narrow * (1 + static_cast<float>(i / block % 97) * 0.0137F));
    })));
  }
}

TEST_CASE("Tied tensors, constant rows and clamped ends repeat as numbers") {
  const auto old = weights();
  CHECK_FALSE(verdict(numbers([&](std::size_t i) { return pattern(old[i % (k_count / 2)]); })));
  CHECK_FALSE(verdict(numbers([&](std::size_t i) { return pattern(old[i % 3 == 0 ? i / 100 * 100 : i]); })));
  CHECK_FALSE(verdict(numbers([&](std::size_t i) { return pattern(std::min(1.28F, std::max(-1.28F, old[i]))); })));
  CHECK_FALSE(verdict(numbers([&](std::size_t i) { return pattern(old[i]); })));
  CHECK_FALSE(verdict({}));
}
