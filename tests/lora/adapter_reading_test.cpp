// SPDX-License-Identifier: Apache-2.0
#include "lora/adapter_reading.hpp"
#include "support/artifact_builder.hpp"
#include "support/catch.hpp"

#include <functional>
#include <string>

using namespace upinspect;
using test::make_tensor;

namespace {

struct Read {
  std::optional<Adapter> adapter;
  std::vector<Finding> findings;

  [[nodiscard]] const AdapterModule& module(std::size_t index = 0) const { return adapter->modules.at(index); }
};

Read read(const std::vector<Tensor>& tensors, const Value& metadata = Value::Object{}, const Value* config = nullptr, double alpha = 4) {
  Read out;
  out.adapter = lora::read_adapter(tensors, metadata, config, out.findings, [alpha](const Tensor&) { return alpha; });
  return out;
}

std::vector<Tensor> peft_pair(std::uint64_t rank) {
  return {make_tensor("base_model.model.h.0.q_proj.lora_A.weight", {rank, 16}, 0),
          make_tensor("base_model.model.h.0.q_proj.lora_B.weight", {32, rank}, 0)};
}

}  // namespace

TEST_CASE("PEFT without its configuration has no known scale") {
  const auto got = read(peft_pair(4));
  REQUIRE(got.adapter);
  CHECK(got.adapter->family == "peft");
  CHECK(got.module().rank == 4);
  CHECK(got.module().in_features == 16);
  CHECK(got.module().out_features == 32);
  CHECK_FALSE(got.module().scale);
  CHECK(got.module().alpha_source == AlphaSource::absent);
}

TEST_CASE("PEFT's configuration gives alpha, by pattern where one matches") {
  const Value config(Value::Object{{"r", 8}, {"lora_alpha", 16}, {"alpha_pattern", Value::Object{{"h\\.0\\.(q|k)_proj", 2}}}});
  const auto got = read(peft_pair(4), Value::Object{}, &config);
  CHECK(got.module().alpha == 2);
  CHECK(got.module().scale == 0.5);
  CHECK(got.module().alpha_readings.at(0).where == "alpha_pattern[\"h\\.0\\.(q|k)_proj\"]");
}

TEST_CASE("rsLoRA divides by the square root of the rank") {
  const Value config(Value::Object{{"r", 4}, {"lora_alpha", 16}, {"use_rslora", true}});
  const auto got = read(peft_pair(4), Value::Object{}, &config);
  CHECK(got.module().scale == 8);
  CHECK(got.module().scale_rule == "alpha / sqrt(rank)");
}

TEST_CASE("kohya's alpha is a tensor, and 1 is the scale without it") {
  std::vector<Tensor> tensors{make_tensor("lora_unet_a_b.alpha", {}, 0), make_tensor("lora_unet_a_b.lora_down.weight", {8, 16}, 0),
                              make_tensor("lora_unet_a_b.lora_up.weight", {32, 8}, 0)};
  const auto with = read(tensors);
  CHECK(with.adapter->family == "kohya");
  CHECK(with.module().scale == 0.5);
  CHECK(with.module().alpha_source == AlphaSource::tensor);
  tensors.erase(tensors.begin());
  const auto without = read(tensors);
  CHECK(without.module().scale == 1);
  CHECK(without.module().alpha_source == AlphaSource::absent);
}

TEST_CASE("modules that are read out of turn make the same adapter") {
  constexpr std::size_t k_modules = 3000;
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < k_modules; ++i) {
    const auto name = "base_model.model.h." + std::to_string(i) + ".q_proj.lora_";
    tensors.push_back(make_tensor(name + "A.weight", {4, 16}, 0));
    tensors.push_back(make_tensor(name + "B.weight", {32, i % 700 == 3 ? 5U : 4U}, 0));
  }
  std::size_t pieces_read = 0;
  const auto backwards = [&pieces_read](std::size_t pieces, const std::function<void(std::size_t)>& work) {
    pieces_read = pieces;
    while (pieces-- > 0) {
      work(pieces);
    }
  };
  const auto in_turn = read(tensors);
  Read got;
  got.adapter = lora::read_adapter(tensors, Value::Object{}, nullptr, got.findings, [](const Tensor&) { return 4.0; }, backwards);
  CHECK(pieces_read > 1);
  CHECK(got.adapter == in_turn.adapter);
  CHECK(got.findings == in_turn.findings);
  CHECK(got.findings.size() == 5);
}

TEST_CASE("loralib's fused layers are groups") {
  const Value config(Value::Object{{"lora_alpha", 16}, {"enable_lora", Value::Array{true, false, true}}});
  const auto got = read({make_tensor("base_model.model.h.0.qkv.lora_A.weight", {16, 64}, 0),
                         make_tensor("base_model.model.h.0.qkv.lora_B.weight", {128, 8, 1}, 0)}, Value::Object{}, &config);
  CHECK(got.findings.empty());
  CHECK(got.module().rank == 8);
  CHECK(got.module().groups == 2);
  CHECK(got.module().enabled == std::vector<bool>{true, false, true});
  CHECK(got.module().scale == 2);
}

TEST_CASE("halves that cannot be multiplied are a finding and no rank") {
  const auto got = read({make_tensor("lora_unet_a.lora_down.weight", {8, 16}, 0), make_tensor("lora_unet_a.lora_up.weight", {32, 4}, 0)});
  REQUIRE(got.findings.size() == 1);
  CHECK(got.findings[0].id == "lora.rank-mismatch");
  CHECK(got.findings[0].message == "down is 8 x 16 (rank 8), up is 32 x 4 (rank 4): they cannot be multiplied");
  CHECK_FALSE(got.module().rank);
}

TEST_CASE("A base model is no adapter") {
  CHECK_FALSE(read({make_tensor("model.layers.0.mlp.up.weight", {64, 16}, 0), make_tensor("model.layers.0.mlp.down.weight", {16, 64}, 0),
                    make_tensor("decoder.alpha", {64}, 0), make_tensor("ff.linear_in.weight", {64, 16}, 0),
                    make_tensor("ff.linear_out.weight", {16, 64}, 0)}).adapter);
}

TEST_CASE("Unknown names are paired by shape, and the answer says that it is a guess") {
  const auto got = read({make_tensor("w_a_000", {2, 64}, 0), make_tensor("w_a_001", {2, 64}, 0), make_tensor("w_b_000", {64, 2}, 0),
                         make_tensor("w_b_001", {64, 2}, 0), make_tensor("norm", {64}, 0)});
  REQUIRE(got.adapter);
  CHECK(got.adapter->guessed);
  CHECK(got.adapter->family == "custom");
  CHECK(got.module(1).part("down") == "w_a_001");
  CHECK(got.module(1).part("up") == "w_b_001");
  CHECK(got.adapter->other == std::vector<std::string>{"norm"});
}

TEST_CASE("A module has no more parts than any method needs: the rest is listed apart") {
  std::vector<Tensor> tensors;
  for (int i = 0; i < 1000; ++i) {
    tensors.push_back(make_tensor("m.lora_down." + std::to_string(i) + ".weight", {2, 8}, 0));
  }
  const auto got = read(tensors);
  CHECK(got.module().parts.size() + got.adapter->other.size() == 1000);
  CHECK(got.module().parts.size() == 256);
}

TEST_CASE("Every tensor of a wrapped state dict keeps its name and gets its module") {
  const auto got = read({make_tensor("state_dict.module.base_model.model.q.lora_A.weight", {4, 16}, 0),
                         make_tensor("state_dict.module.base_model.model.q.lora_B.weight", {32, 4}, 0)});
  CHECK(got.adapter->family == "peft");
  CHECK(got.module().name == "state_dict.module.base_model.model.q");
  CHECK(got.module().canonical == "q");
}
