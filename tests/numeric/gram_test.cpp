// SPDX-License-Identifier: Apache-2.0
#include "numeric/gram.hpp"

#include "numeric/samples.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace upinspect;

namespace {

/// Term by term in pieces, as the header promises.
std::vector<double> by_the_book(const std::vector<double>& samples, std::size_t width) {
  const auto count = samples.size() / width;
  std::vector<double> out(width * width);
  for (std::size_t i = 0; i < width; ++i) {
    for (std::size_t j = 0; j < width; ++j) {
      for (std::size_t first = 0; first < count; first += numeric::Gram::k_samples) {
        volatile double sum = 0;
        for (auto s = first; s < std::min(count, first + numeric::Gram::k_samples); ++s) {
          const volatile double term = samples[s * width + i] * samples[s * width + j];
          sum = sum + term;
        }
        out[i * width + j] += sum;
      }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a Gram matrix is the sum of its terms, bit for bit, whatever the instructions") {
  for (const std::size_t width : {1U, 3U, 4U, 7U, 8U, 9U, 12U, 16U, 17U, 40U}) {
    for (const std::size_t count : {1U, 2U, 127U, 128U, 129U, 300U}) {
      const auto samples = test::numbers(width * count, width + count);
      numeric::Gram gram(width);
      gram.add({samples.data(), count, width, 1});
      INFO(width << " features, " << count << " samples");
      CHECK(gram.matrix() == by_the_book(samples, width));
    }
  }
}

TEST_CASE("samples may lie the other way round") {
  constexpr std::size_t k_features = 11;
  constexpr std::size_t k_samples = 200;
  const auto samples = test::numbers(k_features * k_samples, 5);
  std::vector<double> turned(samples.size());
  for (std::size_t s = 0; s < k_samples; ++s) {
    for (std::size_t f = 0; f < k_features; ++f) {
      turned[f * k_samples + s] = samples[s * k_features + f];
    }
  }
  numeric::Gram straight(k_features);
  straight.add({samples.data(), k_samples, k_features, 1});
  numeric::Gram other(k_features);
  other.add({turned.data(), k_samples, 1, k_samples});
  CHECK(straight.matrix() == other.matrix());
}

TEST_CASE("a short piece after a long one leaves nothing of it behind") {
  const auto samples = test::numbers(5 * 130, 9);
  numeric::Gram gram(5);
  gram.add({samples.data(), 128, 5, 1});
  gram.add({samples.data() + 128 * 5, 2, 5, 1});
  CHECK(gram.matrix() == by_the_book(samples, 5));
}
