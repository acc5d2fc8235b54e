// SPDX-License-Identifier: Apache-2.0
#include "forensics/even_planes.hpp"

#include "forensics/even_stretch.hpp"
#include "support/catch.hpp"
#include "support/drawn.hpp"
#include "support/sanitized.hpp"

#include <cmath>
#include <random>

using namespace upinspect;
using namespace upinspect::forensics;
using namespace upinspect::test;

namespace {

constexpr std::size_t k_looks_trained = 3;

LevelledCounts counted(const std::vector<std::byte>& bytes, std::size_t honest = k_looks_trained) {
  LevelledCounts counts;
  counts.add({bytes, 4}, honest);
  return counts;
}

FractionCounts counts_of(const std::vector<std::byte>& bytes) {
  FractionCounts counts;
  counts.add({bytes, 4});
  return counts;
}

std::optional<EvenPlanes> judged(const LevelledCounts& counts) { return even_planes(counts, plane_evidence(counts)); }

/// Rows of normal numbers, each with a spread of its own.
std::vector<std::byte> rows(std::size_t count, std::size_t width, double spread, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values;
  for (std::size_t row = 0; row < count; ++row) {
    const auto scale = 0.02 * std::exp(spread * std::normal_distribution<double>()(random));
    for (std::size_t i = 0; i < width; ++i) {
      values.push_back(static_cast<float>(scale * std::normal_distribution<double>()(random)));
    }
  }
  return bytes_of(values);
}

}  // namespace

TEST_CASE("A density is told from how many numbers each size has") {
  constexpr double k_spread = 1.4;   // sizes are in units of the power of two below: 1
  const auto counts = counts_of(bytes_of(drawn(std::normal_distribution<double>(0, k_spread), 200'000, 1)));
  for (const unsigned bits : {0U, 1U, 3U, 5U}) {
    const auto density = SmoothDensity::fitted(counts.cells(bits), bits);
    REQUIRE(density);
    for (const auto size : {0.5, 1.0, 2.0, 3.0}) {
      CHECK(density->log_at(0.25) - density->log_at(size) == Approx((size * size - 0.0625) / (2 * k_spread * k_spread)).margin(0.06));
    }
  }
}

TEST_CASE("Two octaves at least tell a density") {
  CHECK_FALSE(SmoothDensity::fitted(FractionCounts().cells(0), 0));
  std::vector<std::uint64_t> cells(k_octaves);
  cells[11] = 10'000;
  CHECK_FALSE(SmoothDensity::fitted(cells, 0));
  // A density that ends at once is of no smooth form.
  cells = {};
  cells.resize(k_octaves);
  for (std::size_t octave = 0; octave < 12; ++octave) {
    cells[octave] = std::uint64_t{100} << octave;
  }
  CHECK_FALSE(SmoothDensity::fitted(cells, 0, Misfits::refused));
}

TEST_CASE("What even parts of a cell say for even bits is less than nothing where the density is right") {
  const auto counts = counts_of(trained(100'000, 2));
  const auto density = SmoothDensity::fitted(counts.cells(0), 0);
  REQUIRE(density);
  const auto scores = part_scores(*density, 1, 1, 256);
  double even = 0;
  double honest = 0;
  for (const auto score : scores) {
    even += score / 256;
    honest += std::exp(-score) * score / 256;
  }
  CHECK(even > 0.01);
  CHECK(honest < -0.01);
}

TEST_CASE("Random bits over everything show from a tenth of the numbers on that their planes' sums need") {
  for (const auto& [bits, count] : {std::pair(23U, std::size_t{700}), {22U, std::size_t{2'500}}, {21U, std::size_t{10'000}}, {20U, std::size_t{40'000}}, {18U, std::size_t{700'000}}}) {
    if (k_sanitized && count > 100'000) {
      continue;
    }
    auto bytes = rows(8, count / 8, 0.3, bits);
    CHECK_FALSE(judged(counted(bytes)));
    fill(bytes, bits, 0, count / 8 * 8);
    const auto even = judged(counted(bytes, std::min<std::size_t>(23 - bits, 3)));
    REQUIRE(even);
    CHECK(even->top == 24 - bits);
    CHECK(even->ratio == Approx(even->expected).margin(5 * std::sqrt(2 * even->expected)));
  }
}

TEST_CASE("What numbers say on average is the divergence of their density from an even one") {
  constexpr double k_spread = 1.4;
  constexpr int k_parts = 1000;
  double even = 0;
  double honest = 0;
  for (int half = -20; half < 8; ++half) {   // halves of octaves
    const auto begin = std::ldexp(half % 2 == 0 ? 1.0 : 1.5, half >= 0 ? half / 2 : (half - 1) / 2);
    const auto width = std::ldexp(0.5, half >= 0 ? half / 2 : (half - 1) / 2);
    double mean = 0;
    double log_mean = 0;
    double entropy = 0;
    for (int i = 0; i < k_parts; ++i) {
      const auto size = begin + width * (i + 0.5) / k_parts;
      const auto density = std::exp(-size * size / (2 * k_spread * k_spread)) * std::sqrt(2 / 3.14159265358979) / k_spread;
      mean += density / k_parts;
      log_mean += std::log(density) / k_parts;
      entropy += density * std::log(density) / k_parts;
    }
    even += width * mean * (std::log(mean) - log_mean);
    honest += width * (mean * std::log(mean) - entropy);
  }
  constexpr std::size_t k_count = 400'000;
  const auto evidence = evidence_from(counts_of(bytes_of(drawn(std::normal_distribution<double>(0, k_spread), k_count, 3))), 2);
  REQUIRE(evidence);
  CHECK(evidence->expected / k_count == Approx(even).epsilon(0.06));
  CHECK(evidence->ratio / k_count == Approx(honest).epsilon(0.06));
}

TEST_CASE("A tensor is asked of the planes below its honest ones alone") {
  auto bytes = trained(4'000, 4);
  fill(bytes, 22, 0, 4'000);
  CHECK(judged(counted(bytes, 1)));
  CHECK(judged(counted(bytes, 2)));
  CHECK_FALSE(judged(counted(bytes, 0)));
}

TEST_CASE("Tensors that are too small alone show random bits together") {
  LevelledCounts honest;
  LevelledCounts filled;
  for (unsigned i = 0; i < 16; ++i) {
    auto bytes = trained(400, 10 + i);
    honest.add({bytes, 4}, 3);
    fill(bytes, 21, 0, 400);
    LevelledCounts one;
    one.add({bytes, 4}, 2);
    CHECK_FALSE(judged(one));
    filled.merge(one);
  }
  CHECK_FALSE(judged(honest));
  const auto even = judged(filled);
  REQUIRE(even);
  CHECK(even->top == 3);
}

TEST_CASE("Numbers of other densities are no fill") {
  LevelledCounts uniform;
  for (const auto edge : {0.25, 0.2, 0.13, 0.24}) {
    const auto bytes = bytes_of(drawn(std::uniform_real_distribution<double>(-edge, edge), 40'000, 31));
    uniform.add({bytes, 4}, 1);
    CHECK_FALSE(judged(counted(bytes)));
  }
  CHECK_FALSE(judged(uniform));
  CHECK_FALSE(judged(counted(bytes_of(drawn(std::exponential_distribution<double>(50), 100'000, 32)))));
  CHECK_FALSE(judged(counted(bytes_of(drawn(std::lognormal_distribution<double>(0, 2), 100'000, 33)))));
  CHECK_FALSE(judged(counted(bytes_of(drawn(std::normal_distribution<double>(1, 0.1), 100'000, 34)))));
  auto pruned = drawn(std::normal_distribution<double>(0, 1), 3'000, 35);
  std::replace_if(pruned.begin(), pruned.end(), [](float value) { return std::fabs(value) < 0.65F; }, 0.0F);
  for (std::size_t honest = 0; honest <= 3; ++honest) {
    CHECK_FALSE(judged(counted(bytes_of(pruned), honest)));
  }
  CHECK_FALSE(judged(LevelledCounts()));
}

TEST_CASE("A stretch of a large tensor shows by the tensor's own density") {
  for (const auto& [bits, length] : {std::pair(22U, std::size_t{2'500}), {21U, std::size_t{8'000}}, {20U, std::size_t{30'000}}}) {
    if (k_sanitized && bits != 22) {
      continue;
    }
    auto bytes = trained(300'000, bits);
    CHECK_FALSE(StretchSearch({bytes, 4}, 300'000).low_bits());
    fill(bytes, bits, 123'456, length);
    const auto stretch = StretchSearch({bytes, 4}, 300'000).low_bits();
    REQUIRE(stretch);
    CHECK(stretch->bits == bits);
    CHECK(std::fabs(static_cast<double>(stretch->where.first) - 123'456) < static_cast<double>(length) / 2);
    CHECK(std::fabs(static_cast<double>(stretch->where.last) - 123'456 - static_cast<double>(length)) < static_cast<double>(length) / 2);
  }
  auto bytes = trained(300'000, 23);
  fill(bytes, 23, 200'000, 1'100);
  const auto all = StretchSearch({bytes, 4}, 300'000).whole_fraction();
  REQUIRE(all);
  CHECK(std::fabs(static_cast<double>(all->first) - 200'000) < 200);
}

TEST_CASE("Rows of another spread than the rest of the tensor are no stretch") {
  for (unsigned seed = 0; seed < (k_sanitized ? 2 : 12); ++seed) {
    const auto bytes = rows(400, 300, 0.8, seed);
    CHECK_FALSE(StretchSearch({bytes, 4}, 120'000).low_bits());
  }
}
