// SPDX-License-Identifier: Apache-2.0
#include "model/coverage_map.hpp"

#include "support/catch.hpp"

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
