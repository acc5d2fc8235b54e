// SPDX-License-Identifier: Apache-2.0
#include "numeric/kernels.hpp"

#include "numeric/samples.hpp"
#include "support/catch.hpp"

#include <cstring>
#include <memory>

using namespace upinspect;
using namespace upinspect::numeric;
using test::Bytes;

namespace {

using Planes = std::array<std::array<std::uint64_t, 256>, 16>;

Planes planes_of(const Kernels& set, std::span<const std::byte> bytes, std::size_t unit) {
  auto tables = std::make_unique<ByteTables>();
  set.count_bytes(bytes, unit, *tables);
  Planes planes{};
  for (std::size_t table = 0; table < tables->size(); ++table) {
    for (std::size_t value = 0; value < 256; ++value) {
      planes[table % unit][value] += (*tables)[table][value];
    }
  }
  return planes;
}

/// Sizes around the registers, groups and rounds of the kernels.
std::vector<std::size_t> sizes() {
  return {0, 1, 2, 15, 16, 17, 63, 64, 65, 127, 255, 256, 1000, 2047, 2048, 4095, 4096, 4100, 8191, 8192, 12345, 16384};
}

std::vector<Bytes> inputs(std::size_t size) {
  auto bytes = test::weights(Dtype::f32, size / 4 + 1, size);
  bytes.resize(size);
  return {test::random_bytes(size, size), test::sparse(test::random_bytes(size / 4 * 4, size), 4, 1),
          test::constant_bytes(size, 1, 0xc3), bytes};
}

}  // namespace

TEST_CASE("Histograms of bytes agree among the kernels") {
  for (const auto size : sizes()) {
    for (const auto& bytes : inputs(size * 2)) {
      for (const std::size_t unit : {1U, 2U, 4U, 8U, 16U}) {
        const auto whole = std::span(bytes).first(bytes.size() / unit * unit);
        const auto expected = planes_of(plain_kernels(), whole, unit);
        for (const auto* set : runnable_kernels()) {
          CAPTURE(set->name, size, unit);
          REQUIRE(planes_of(*set, whole, unit) == expected);
        }
      }
    }
  }
}

TEST_CASE("The pass over f32 agrees among the kernels, to the last bit") {
  const auto tables = std::make_unique<std::array<WordTable, 2>>();
  for (const auto size : sizes()) {
    for (const auto& bytes : inputs(size * 4)) {
      ByteTables low{};
      tables->at(0).fill(0);
      const auto expected = plain_kernels().measure_f32(bytes, 0.125, low, tables->at(0));
      for (const auto* set : runnable_kernels()) {
        CAPTURE(set->name, size);
        ByteTables own{};
        tables->at(1).fill(0);
        const auto pass = set->measure_f32(bytes, 0.125, own, tables->at(1));
        REQUIRE(pass.scan.least == expected.scan.least);
        REQUIRE(pass.scan.greatest == expected.scan.greatest);
        REQUIRE(pass.scan.zeros == expected.scan.zeros);
        REQUIRE(pass.scan.below_normal == expected.scan.below_normal);
        // As bits, because NaN is an answer too; which NaN is nobody's promise.
        const auto same = [](double a, double b) { return a == b || (a != a && b != b); };
        REQUIRE(same(pass.deviations.residual, expected.deviations.residual));
        REQUIRE(same(pass.deviations.squares, expected.deviations.squares));
        REQUIRE(tables->at(1) == tables->at(0));
        for (std::size_t value = 0; value < 256; ++value) {
          const auto sum = [&](const ByteTables& from, std::size_t plane) {
            return from[plane][value] + from[plane + 4][value] + from[plane + 8][value] + from[plane + 12][value];
          };
          REQUIRE(sum(own, 0) == sum(low, 0));
          REQUIRE(sum(own, 1) == sum(low, 1));
        }
      }
    }
  }
}

TEST_CASE("f16 widens to the same f32 in all kernels") {
  std::vector<std::uint16_t> all(65536 + 7);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = static_cast<std::uint16_t>(i);
  }
  const auto bytes = test::little_endian(all);
  Bytes expected(bytes.size() * 2);
  plain_kernels().widen_f16(bytes, expected.data());
  for (const auto* set : runnable_kernels()) {
    Bytes widened(bytes.size() * 2);
    set->widen_f16(bytes, widened.data());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool is_nan = (all[i] & 0x7fff) > 0x7c00;
      const bool same = std::memcmp(widened.data() + 4 * i, expected.data() + 4 * i, 4) == 0;
      if (!is_nan && !same) {
        FAIL(set->name << " widens " << all[i] << " wrongly");
      }
    }
    REQUIRE(std::memcmp(widened.data(), expected.data(), 4 * 0x7c01) == 0);
  }
}

TEST_CASE("Elements that differ from a value are kept in order") {
  for (const auto size : sizes()) {
    auto bytes = test::sparse(test::random_bytes(size * 4, size), 4, 3);
    for (const auto* set : runnable_kernels()) {
      CAPTURE(set->name, size);
      Bytes kept(bytes.size() + 64);
      Bytes expected(bytes.size() + 64);
      const auto quads = set->keep_quads(bytes, 0, kept.data());
      REQUIRE(quads == plain_kernels().keep_quads(bytes, 0, expected.data()));
      REQUIRE(std::equal(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(4 * quads), expected.begin()));
      const auto words = set->keep_words(bytes, 0, kept.data());
      REQUIRE(words == plain_kernels().keep_words(bytes, 0, expected.data()));
      REQUIRE(std::equal(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(2 * words), expected.begin()));
    }
  }
}

TEST_CASE("Rows of counts sum alike in all kernels") {
  std::mt19937_64 random(1);
  for (const std::size_t width : {1U, 2U, 8U, 128U, 1024U}) {
    std::vector<std::uint32_t> row(width);
    for (auto& count : row) {
      count = static_cast<std::uint32_t>(random() >> 32);
    }
    const auto expected = plain_kernels().sum_row(row);
    for (const auto* set : runnable_kernels()) {
      const auto sums = set->sum_row(row);
      REQUIRE(sums.count == expected.count);
      REQUIRE(sums.linear == expected.linear);
      REQUIRE(sums.square == expected.square);
    }
  }
}
