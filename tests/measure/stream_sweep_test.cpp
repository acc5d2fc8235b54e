// SPDX-License-Identifier: Apache-2.0
// Tensors that two threads share: measured as one thread alone measures them, whoever takes which.
#include "measure/stream_sweep.hpp"
#include "measure/second_hand.hpp"
#include "measure/tensor_task.hpp"
#include "support/catch.hpp"
#include "support/helpers.hpp"

#include <algorithm>
#include <random>

using namespace upinspect;
using namespace upinspect::test;

namespace {

constexpr std::size_t k_length = 300'000;

class Maker final : public measure::TaskMaker {
 public:
  [[nodiscard]] std::unique_ptr<measure::StreamTask> make(ByteRange range, Tensor& tensor) const override {
    return std::make_unique<measure::TensorTask>(range, tensor, m_options, measure::InstrumentPool::of_this_thread(), nullptr);
  }

 private:
  InspectOptions m_options;
};

/// Counts the bytes it sees, as a checksum of an entry would.
class Counting final : public measure::StreamTask {
 public:
  Counting(ByteRange range, std::uint64_t& seen) : StreamTask(range), m_seen(seen) {}
  void feed(std::span<const std::byte> piece) override { m_seen += piece.size(); }

 private:
  std::uint64_t& m_seen;
};

std::vector<std::byte> stream_of(std::mt19937& random) {
  std::vector<std::byte> out(k_length);
  for (auto& byte : out) {
    byte = static_cast<std::byte>(random() & 0x3fU);
  }
  return out;
}

/// Some lie one after another, some overlap, some are empty, some repeat a range, and one goes past the end of the stream.
std::vector<Tensor> tensors_of(std::mt19937& random) {
  std::vector<Tensor> out;
  const auto add = [&out](std::uint64_t offset, std::uint64_t bytes) {
    Tensor tensor;
    tensor.name = std::to_string(out.size());
    tensor.dtype = out.size() % 2 == 0 ? Dtype::f16 : Dtype::u8;
    tensor.elements = tensor.dtype == Dtype::f16 ? bytes / 2 : bytes;
    tensor.bytes = tensor.dtype == Dtype::f16 ? bytes / 2 * 2 : bytes;
    tensor.location.packed = {offset, tensor.bytes};
    out.push_back(std::move(tensor));
  };
  for (std::uint64_t at = 0; at < k_length - 8000;) {
    const std::uint64_t length = random() % 5 == 0 ? random() % 8000 : random() % 300;
    add(at, length);
    if (random() % 8 == 0) {
      add(at, length);
    }
    at += random() % 10 == 0 ? length / 2 : length;
  }
  add(k_length - 100, 200);
  return out;
}

std::vector<Tensor> swept(const std::vector<std::byte>& stream, std::vector<Tensor> tensors, numeric::Helper* helper, std::uint32_t seed) {
  std::mt19937 random(seed);
  const Maker maker;
  measure::StreamSweep sweep;
  for (auto& tensor : tensors) {
    sweep.add(tensor.location.packed, tensor, maker);
  }
  std::uint64_t seen = 0;
  sweep.add(std::make_unique<Counting>(ByteRange{1000, k_length / 2}, seen));
  if (helper != nullptr) {
    sweep.share_with(*helper);
  }
  sweep.start();
  for (auto rest = std::span(stream); !rest.empty();) {
    const auto piece = rest.first(std::min<std::size_t>(rest.size(), random() % 40'000));
    rest = rest.subspan(piece.size());
    sweep.feed(piece);
  }
  sweep.finish();
  CHECK(seen == k_length / 2);
  return tensors;
}

}  // namespace

TEST_CASE("tensors that two threads share are measured as by one") {
  std::mt19937 random(5);
  const auto stream = stream_of(random);
  const auto tensors = tensors_of(random);
  REQUIRE(tensors.size() > 100);
  for (std::uint32_t seed = 0; seed < 6; ++seed) {
    const auto alone = swept(stream, tensors, nullptr, seed);
    CHECK(std::count_if(alone.begin(), alone.end(), [](const Tensor& tensor) { return !tensor.unread.empty(); }) == 1);
    CHECK(alone.back().unread.str().find("only 100 of its") == 0);
    measure::SecondHand hand;
    Late late;
    Eager eager;
    Unwilling unwilling;
    for (numeric::Helper* helper : std::initializer_list<numeric::Helper*>{&hand, &late, &eager, &unwilling}) {
      CHECK(swept(stream, tensors, helper, seed) == alone);
    }
  }
}
