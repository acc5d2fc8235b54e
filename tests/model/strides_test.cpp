// SPDX-License-Identifier: Apache-2.0
#include "model/builder.hpp"
#include "support/catch.hpp"
#include "upinspect/strides.hpp"

#include <limits>
#include <utility>

using namespace upinspect;

namespace {

Tensor with_shape(std::vector<std::uint64_t> shape, Strides strides = {}) {
  Tensor tensor;
  tensor.dtype = Dtype::f32;
  tensor.shape = std::move(shape);
  tensor.location.strides = std::move(strides);
  return tensor;
}

}  // namespace

TEST_CASE("Strides are a list that copies") {
  Strides none;
  CHECK(none.empty());
  CHECK(none.size() == 0);
  CHECK(none == Strides(std::vector<std::int64_t>()));
  Strides some{3, -1};
  const auto copy = some;
  some = none;
  CHECK(some.empty());
  CHECK(copy.list() == std::vector<std::int64_t>{3, -1});
  CHECK(copy[1] == -1);
  CHECK_FALSE(copy == none);
}

TEST_CASE("Strides that are not kept follow from the shape") {
  CHECK(strides_of(with_shape({})).empty());
  CHECK(strides_of(with_shape({2, 3, 4})) == std::vector<std::int64_t>{12, 4, 1});
  CHECK(strides_of(with_shape({2, 0, 4})) == std::vector<std::int64_t>{4, 4, 1});
  CHECK(strides_of(with_shape({2, 3}, {1, 2})) == std::vector<std::int64_t>{1, 2});
  CHECK(strides_of(with_shape({UINT64_MAX, UINT64_MAX})).empty());
  CHECK(model::is_row_major(with_shape({2, 3})));
  CHECK_FALSE(model::is_row_major(with_shape({2, 3}, {1, 2})));
}

TEST_CASE("Row-major strides are not kept") {
  const std::vector<std::byte> bytes(64);
  const bytes::MemorySource source{std::span(bytes)};
  const InspectOptions options;
  model::Builder builder(source, options, "f");
  builder.add(with_shape({2, 3}, {3, 1}));
  builder.add(with_shape({2, 3}, {1, 2}));
  CHECK(builder.artifact.tensors[0].location.strides.empty());
  CHECK(builder.artifact.tensors[1].location.strides.size() == 2);
}
