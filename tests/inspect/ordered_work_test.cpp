// SPDX-License-Identifier: Apache-2.0
#include "inspect/ordered_work.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

namespace upinspect::inspecting {

namespace {

/// Pieces that take longer the earlier they come, with something to be told after every seventh.
std::string told_by(unsigned threads) {
  std::string told;
  OrderedWork work(threads);
  for (int i = 0; i < 100; ++i) {
    work.add([i, &told]() -> OrderedWork::Tell {
      std::this_thread::sleep_for(std::chrono::microseconds(i % 10 == 0 ? 2000 : 0));
      return [i, &told] { told += std::to_string(i) + " "; };
    });
    if (i % 7 == 0) {
      work.in_turn([&told] { told += "| "; });
    }
  }
  work.finish();
  return told;
}

}  // namespace

TEST_CASE("pieces are told of in the order in which they came") {
  const auto one = told_by(1);
  CHECK(one.substr(0, 12) == "0 | 1 2 3 4 ");
  CHECK(told_by(2) == one);
  CHECK(told_by(7) == one);
}

TEST_CASE("what a piece throws is thrown in its turn, and what comes after is not told") {
  for (const unsigned threads : {1U, 2U, 5U}) {
    std::string told;
    const auto run = [&] {
      OrderedWork work(threads);
      for (int i = 0; i < 50; ++i) {
        work.add([i, &told]() -> OrderedWork::Tell {
          if (i == 20) {
            throw std::runtime_error("twenty");
          }
          return [&told] { told += "x"; };
        });
      }
      work.finish();
    };
    CHECK_THROWS_AS(run(), std::runtime_error);
    CHECK(told == std::string(20, 'x'));
  }
}

TEST_CASE("no more than a few pieces are begun before their turn") {
  std::atomic<int> begun{0};
  int told = 0;
  int most = 0;
  OrderedWork work(3);
  for (int i = 0; i < 200; ++i) {
    work.add([&]() -> OrderedWork::Tell {
      ++begun;
      return [&] {
        ++told;
        most = std::max(most, begun.load() - told);
      };
    });
  }
  work.finish();
  CHECK(told == 200);
  CHECK(most <= 13);
}

}  // namespace upinspect::inspecting
