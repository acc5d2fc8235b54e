// SPDX-License-Identifier: Apache-2.0
// Headerless numbers, read as the caller says.
#include "support/catch.hpp"
#include "support/inspecting.hpp"

using namespace upinspect;

TEST_CASE("a raw dtype without a size is refused, not divided by") {
  InspectOptions options;
  options.jobs = 1;
  options.raw = RawLayout{Dtype::other, {}, 0, ByteOrder::little};
  const std::string content(64, 'x');
  const auto artifact = inspect_bytes("numbers.bin", content.data(), content.size(), options);
  CHECK(test::told(artifact) == std::vector<std::string>{"container.malformed: raw: dtype: numbers of an unknown size cannot be read"});
  CHECK(artifact.coverage.gaps == content.size());
}
