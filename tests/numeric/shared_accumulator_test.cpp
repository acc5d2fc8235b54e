// SPDX-License-Identifier: Apache-2.0
// Chunks that a helper measures: the same bits as without it, whoever takes which.
#include "measure/second_hand.hpp"
#include "numeric/accumulator.hpp"
#include "numeric/samples.hpp"
#include "support/catch.hpp"
#include "support/helpers.hpp"

#include <random>

using namespace upinspect;
using namespace upinspect::test;
using numeric::Accumulator;

namespace {

numeric::Result measured(Dtype dtype, std::span<const std::byte> bytes, numeric::Helper* helper, std::uint32_t seed) {
  std::mt19937 random(seed);
  Accumulator accumulator;
  numeric::Result result;
  for (int round = 0; round < 2; ++round) {  // what the first leaves behind does not show in the second
    accumulator.reset(dtype);
    for (auto rest = bytes; !rest.empty();) {
      const auto part = rest.first(std::min<std::size_t>(rest.size(), random() % 700000));
      rest = rest.subspan(part.size());
      if (helper != nullptr && random() % 4 != 0) {
        accumulator.add(part, *helper);
      } else {
        accumulator.add(part);
      }
    }
    result = accumulator.finish();
  }
  return result;
}

}  // namespace

TEST_CASE("A helper changes no bit of what is measured") {
  measure::SecondHand thread;
  Late late;
  Eager eager;
  Unwilling unwilling;
  for (const auto dtype : {Dtype::f32, Dtype::f16, Dtype::f64, Dtype::u8, Dtype::i32, Dtype::f8_e4m3}) {
    auto bytes = random_bytes(1500003, 5);  // NaN and infinities among them
    std::fill(bytes.begin() + 400000, bytes.begin() + 700000, std::byte{0});
    const auto plain = measured(dtype, bytes, nullptr, 1);
    for (numeric::Helper* helper : std::initializer_list<numeric::Helper*>{&thread, &late, &eager, &unwilling}) {
      for (std::uint32_t seed = 2; seed < 5; ++seed) {
        CHECK(measured(dtype, bytes, helper, seed) == plain);
      }
    }
  }
}

TEST_CASE("What is shared and never finished is waited for") {
  const auto bytes = random_bytes(600000, 6);
  measure::SecondHand thread;
  for (int i = 0; i < 50; ++i) {
    Accumulator accumulator;
    accumulator.reset(Dtype::f32);
    accumulator.add(bytes, thread);
  }
  Accumulator accumulator;
  accumulator.reset(Dtype::f32);
  accumulator.add(bytes, thread);
  CHECK(accumulator.finish() == measured(Dtype::f32, bytes, nullptr, 1));
}
