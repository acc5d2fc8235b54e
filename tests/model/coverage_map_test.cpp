// SPDX-License-Identifier: Apache-2.0
#include "model/coverage_map.hpp"

#include "support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace upinspect;

TEST_CASE("a byte that three labels claim overlaps once") {
  model::CoverageMap map;
  map.label(ByteRange{0, 10}, RegionKind::tensor, "first");
  map.label(ByteRange{2, 6}, RegionKind::tensor, "second");
  map.label(ByteRange{4, 8}, RegionKind::tensor, "third");
  const auto coverage = map.build(16);
  CHECK(coverage.labelled == 12);
  CHECK(coverage.gaps == 4);
  CHECK(coverage.overlapped == 8);  // bytes 2 to 9
  CHECK(coverage.overlaps.size() == 2);
}

TEST_CASE("labels that only touch do not overlap") {
  model::CoverageMap map;
  map.label(ByteRange{0, 4}, RegionKind::structure, "header");
  map.label(ByteRange{4, 4}, RegionKind::tensor, "data");
  const auto coverage = map.build(8);
  CHECK(coverage.overlapped == 0);
  CHECK(coverage.overlaps.empty());
  CHECK(coverage.labelled == 8);
}

TEST_CASE("a tensor's label is its name, wherever it is told") {
  std::vector<Tensor> tensors(2);
  tensors[0].name = "b";
  tensors[1].name = "a";
  model::CoverageMap map;
  map.label_tensor(ByteRange{4, 4}, 0);
  map.label_tensor(ByteRange{4, 4}, 1);
  map.label(ByteRange{0, 4}, RegionKind::structure, "header");
  const auto coverage = std::move(map).build(8, tensors);
  REQUIRE(coverage.regions.size() == 2);
  CHECK(label_of(coverage.regions[0], tensors) == "header");
  CHECK(label_of(coverage.regions[1], tensors) == "tensor a");  // of two on the same bytes the label decides
  REQUIRE(coverage.overlaps.size() == 1);
  CHECK(label_of(coverage.overlaps[0], tensors) == "tensor b");
}

TEST_CASE("labels that come in several passes, or in none, end in order of their bytes") {
  const auto passes = GENERATE(1U, 3U, 64U);
  model::CoverageMap map;
  for (unsigned pass = 0; pass < passes; ++pass) {
    for (unsigned place = passes - 1 - pass; place < 128; place += passes) {
      map.label_named(ByteRange{place, 1}, RegionKind::payload, "entry", std::to_string(place));
    }
  }
  const auto coverage = map.build(128);
  REQUIRE(coverage.regions.size() == 128);
  CHECK(coverage.overlaps.empty());
  for (unsigned place = 0; place < 128; ++place) {
    CHECK(coverage.regions[place].range == ByteRange{place, 1});
    CHECK(coverage.regions[place].label == "entry " + std::to_string(place));
  }
}

TEST_CASE("labels outlive the maps that they were given to") {
  Coverage coverage;
  {
    model::CoverageMap inner;
    inner.label_named(ByteRange{0, 2}, RegionKind::structure, "local header of", std::string(5000, 'n'));
    inner.label_named(ByteRange{2, 2}, RegionKind::payload, "entry", "");
    model::CoverageMap outer;
    outer.add(inner);
    coverage = outer.build(4);
  }
  REQUIRE(coverage.regions.size() == 2);
  CHECK(coverage.regions[0].label == "local header of " + std::string(5000, 'n'));
  CHECK(coverage.regions[1].label == "entry ");
}
