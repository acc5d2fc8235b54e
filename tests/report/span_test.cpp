// SPDX-License-Identifier: Apache-2.0
#include "report/span.hpp"

#include "support/artifact_builder.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <limits>

using upinspect::ByteRange;
using upinspect::report::element_span;
using upinspect::test::make_tensor;

TEST_CASE("a contiguous tensor spans its storage") {
  CHECK(element_span(make_tensor("w", {8, 4}, 100)) == ByteRange{100, 128});
}

TEST_CASE("a scalar and an empty tensor") {
  CHECK(element_span(make_tensor("s", {}, 64)) == ByteRange{64, 4});
  CHECK(element_span(make_tensor("e", {3, 0}, 64)) == ByteRange{64, 0});
}

TEST_CASE("a slice of a shared storage begins at its own first element") {
  auto tensor = make_tensor("w", {2, 4}, 100);
  tensor.location.packed.length = 400;
  tensor.location.storage_offset = 10;
  CHECK(element_span(tensor) == ByteRange{140, 32});
}

TEST_CASE("a transposed view spans what it strides over") {
  auto tensor = make_tensor("w", {2, 3}, 0);
  tensor.location.packed.length = 4096;
  tensor.location.strides = {1, 8};
  CHECK(element_span(tensor) == ByteRange{0, (1 + 2 * 8 + 1) * 4});
}

TEST_CASE("an expanded dimension spans nothing") {
  auto tensor = make_tensor("w", {1000, 2}, 0);
  tensor.location.packed.length = 8;
  tensor.location.strides = {0, 1};
  CHECK(element_span(tensor) == ByteRange{0, 8});
}

TEST_CASE("negative strides reach before the first element") {
  auto tensor = make_tensor("w", {4}, 100);
  tensor.location.strides = {-1};
  tensor.location.storage_offset = 3;
  CHECK(element_span(tensor) == ByteRange{100, 16});
  tensor.location.storage_offset = 2;  // One short: the view does not fit, the storage is all that is known.
  CHECK(element_span(tensor) == ByteRange{100, 16});
}

TEST_CASE("a deflated tensor has only its packed range") {
  auto tensor = make_tensor("w", {8, 4}, 100);
  tensor.location.packing = upinspect::Packing::deflated;
  tensor.location.packed = {50, 77};
  CHECK(element_span(tensor) == ByteRange{50, 77});
}

TEST_CASE("blocks of quantised values are their bytes") {
  auto tensor = make_tensor("w", {64}, 32);
  tensor.bytes = 36;
  tensor.location.packed.length = 40;
  CHECK(element_span(tensor) == ByteRange{32, 36});
}

TEST_CASE("views that cannot be fall back on the storage") {
  auto tensor = make_tensor("w", {2, 2}, 10);
  tensor.location.strides = {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::max()};
  CHECK(element_span(tensor) == ByteRange{10, 16});
  tensor.location.strides = {std::numeric_limits<std::int64_t>::min(), 1};
  CHECK(element_span(tensor) == ByteRange{10, 16});
  tensor.location.strides = {1};
  CHECK(element_span(tensor) == ByteRange{10, 16});
  tensor.location.strides = {2, 1};
  tensor.location.storage_offset = std::numeric_limits<std::uint64_t>::max();
  CHECK(element_span(tensor) == ByteRange{10, 16});
}
