// SPDX-License-Identifier: Apache-2.0
#include "bytes/limit_reached.hpp"
#include "bytes/source.hpp"
#include "model/builder.hpp"
#include "support/catch.hpp"

using namespace upinspect;
using model::Budget;
using model::Builder;

namespace {

Tensor named(const std::string& name) {
  Tensor tensor;
  tensor.name = name;
  tensor.dtype = Dtype::f32;
  tensor.shape = {0};
  return tensor;
}

/// A builder over nothing that may keep `memory` bytes.
struct Desk {
  explicit Desk(std::uint64_t memory) : options(limited(memory)) {}

  static InspectOptions limited(std::uint64_t memory) {
    InspectOptions made;
    made.limits.memory = memory;
    return made;
  }

  bytes::MemorySource source{std::span<const std::byte>()};
  InspectOptions options;
  Builder builder{source, options, "desk"};
};

std::vector<std::string> messages(const Builder& builder) {
  std::vector<std::string> out;
  for (const auto& finding : builder.artifact.findings) {
    out.push_back(finding.id + ": " + finding.message);
  }
  return out;
}

}  // namespace

TEST_CASE("a budget gives what it has and no more") {
  Budget budget(10);
  CHECK(budget.take(7));
  CHECK_FALSE(budget.take(4));
  CHECK(budget.left() == 3);
  CHECK(budget.take(3));
  CHECK_FALSE(budget.take(UINT64_MAX));
  CHECK(budget.take(0));
}

TEST_CASE("tensors beyond the memory allowed are refused, and those before are kept") {
  Desk desk(1 << 20);
  const auto fill = [&desk] {
    for (int i = 0; i < 1000; ++i) {
      desk.builder.add(named(std::to_string(i)));
    }
  };
  CHECK_THROWS_AS(fill(), bytes::LimitReached);
  CHECK(desk.builder.artifact.tensors.size() > 100);
  CHECK(desk.builder.artifact.tensors.size() < 450);
}

TEST_CASE("metadata, labels and findings beyond their limits are counted") {
  Desk desk(1 << 20);
  auto& builder = desk.builder;
  for (int i = 0; i < 2000; ++i) {
    builder.metadata(std::to_string(i), std::string(1000, 'x'));
    builder.coverage.label({static_cast<std::uint64_t>(i), 1}, RegionKind::structure, "one of many, under a label as long as names are");
    builder.find("test.many", i == 1500 ? Severity::error : Severity::note, "once more");
  }
  const auto kept = builder.artifact.metadata.if_object()->size();
  CHECK(kept > 50);
  CHECK(kept < 200);
  builder.close();
  const auto told = messages(builder);
  REQUIRE(told.size() == 1003);
  CHECK(told[1000] == "test.many: 1000 more findings of this kind are not listed");
  CHECK(builder.artifact.findings[1000].severity == Severity::error);
  CHECK(told[1001] == "limit.reached: " + std::to_string(2000 - kept) +
                          " metadata entries are not shown: they would take more memory than is allowed; --max-memory allows 1 MiB");
  CHECK_THAT(told[1002], Catch::Contains(" stretches of the file stay without a label"));
}
