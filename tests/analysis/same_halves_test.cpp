// SPDX-License-Identifier: Apache-2.0
#include "analysis/adapter_rule.hpp"
#include "support/artifact_builder.hpp"
#include "support/catch.hpp"

using namespace upinspect;
using test::make_tensor;

namespace {

Artifact with_halves(std::uint64_t side, const std::string& up_digest, const std::string& down_digest) {
  Artifact artifact;
  artifact.tensors = {make_tensor("q.lora_up.weight", {side, side}, 0), make_tensor("q.lora_down.weight", {side, side}, 0)};
  artifact.tensors[0].digests.xxh3_128 = std::string(30, '0') + up_digest;
  artifact.tensors[1].digests.xxh3_128 = std::string(30, '0') + down_digest;
  AdapterModule module;
  module.name = "q";
  module.method = "lora";
  module.parts = {{"up", "q.lora_up.weight"}, {"down", "q.lora_down.weight"}};
  module.rank = side;
  module.scale = 1;
  artifact.adapter.emplace();
  artifact.adapter->modules.push_back(module);
  return artifact;
}

bool told(Artifact artifact) {
  analysis::judge_adapter(artifact, nullptr);
  return std::any_of(artifact.findings.begin(), artifact.findings.end(),
                     [](const Finding& finding) { return finding.id == "lora.same-halves" && finding.severity == Severity::error; });
}

}  // namespace

TEST_CASE("Halves of the same numbers are one half twice") {
  CHECK(told(with_halves(8, "aa", "aa")));
  CHECK_FALSE(told(with_halves(8, "aa", "bb")));
}

TEST_CASE("A few numbers, or zeros, can be alike") {
  CHECK_FALSE(told(with_halves(2, "aa", "aa")));
  auto zeros = with_halves(8, "aa", "aa");
  Stats all_zero;
  all_zero.zeros = zeros.tensors[0].elements;
  zeros.tensors[0].stats = all_zero;
  CHECK_FALSE(told(zeros));
}
