// SPDX-License-Identifier: Apache-2.0
#include "inspect/triad_shapes.hpp"
#include "support/catch.hpp"

using namespace upinspect::inspecting;

TEST_CASE("Every rank that fits is found, and no other") {
  const std::uint64_t up = 768 * 8;
  const std::uint64_t down = 8 * 320;
  auto ranks = ranks_that_fit(up, down);
  CHECK(ranks.front() == 8);
  std::sort(ranks.begin(), ranks.end());
  std::vector<std::uint64_t> wanted;
  for (std::uint64_t rank = 1; rank <= 1024; ++rank) {
    if (up % rank == 0 && down % rank == 0 && up / rank >= rank && down / rank >= rank) {
      wanted.push_back(rank);
    }
  }
  CHECK(ranks == wanted);
}

TEST_CASE("Widths that models have decide between usual ranks") {
  CHECK(ranks_that_fit(4096 * 16, 16 * 4096).front() == 16);
  CHECK(ranks_that_fit(4096 * 8, 8 * 4096).front() == 8);
  CHECK(ranks_that_fit(320 * 4, 4 * 768).front() == 4);
  CHECK(ranks_that_fit(5120 * 64, 64 * 5120).front() == 64);
}

TEST_CASE("Halves that do not belong together fit no rank but 1, or none") {
  CHECK(ranks_that_fit(7, 11) == std::vector<std::uint64_t>{1});
  CHECK(ranks_that_fit(0, 8).empty());
  CHECK(ranks_that_fit(8, 0).empty());
  CHECK(ranks_that_fit(0, 0).empty());
}

TEST_CASE("A given shape is that of one half") {
  CHECK(rank_of_shape({96, 24}, 96 * 24, 24 * 48) == 24);
  CHECK(rank_of_shape({24, 48}, 96 * 24, 24 * 48) == 24);
  CHECK(rank_of_shape({4096, 8}, 4096 * 8, 8 * 4096) == 8);
  CHECK(rank_of_shape({8, 4096}, 4096 * 8, 8 * 4096) == 8);
  CHECK_FALSE(rank_of_shape({7, 9}, 96 * 24, 24 * 48));
  CHECK_FALSE(rank_of_shape({0, 0}, 0, 0));
  CHECK_FALSE(rank_of_shape({96 * 24}, 96 * 24, 24 * 48));
  CHECK_FALSE(rank_of_shape({}, 1, 1));
}

TEST_CASE("Candidates are told with their shapes, and how many more there are") {
  CHECK(candidates_text({8}, 64, 48) == "8 (8 x 8 and 8 x 6)");
  CHECK(candidates_text({1, 2, 3, 4, 5, 6, 7}, 420, 420).ends_with(" and 2 more"));
}
