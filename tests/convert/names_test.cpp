// SPDX-License-Identifier: Apache-2.0
#include "convert/arrange.hpp"
#include "convert/dotting.hpp"
#include "convert/module_names.hpp"
#include "convert/peft_config.hpp"
#include "convert/refusal.hpp"
#include "support/catch.hpp"

#include <cmath>

namespace {

using namespace upinspect;
using namespace upinspect::convert;

std::string dotted(const std::string& name, std::vector<std::string> all = {}) {
  all.push_back(name);
  return Dotting(all).dotted(name).value_or("unknown");
}

Outgoing matrix(std::vector<std::uint64_t> shape, const std::string& bytes) {
  return {"m", Dtype::u8, std::move(shape), [bytes](const ElementSink& sink) { sink(std::as_bytes(std::span(bytes))); }};
}

std::string text_of(const Outgoing& tensor) {
  std::string text;
  tensor.produce([&text](std::span<const std::byte> piece) {
    for (const auto byte : piece) {
      text += byte == std::byte{0} ? '.' : static_cast<char>(byte);
    }
  });
  return text;
}

std::vector<std::string> reasons_of(const ConfigFacts& facts) {
  Reasons reasons;
  static_cast<void>(peft_config(facts, {}, reasons));
  try {
    reasons.settle();
  } catch (const Refusal& refusal) {
    return refusal.reasons();
  }
  return {};
}

}  // namespace

TEST_CASE("kohya's names get back the dots that base models have") {
  CHECK(dotted("down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q") == "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q");
  CHECK(dotted("up_blocks_1_resnets_0_time_emb_proj") == "up_blocks.1.resnets.0.time_emb_proj");
  CHECK(dotted("mid_block_attentions_0_transformer_blocks_0_ff_net_0_proj") == "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj");
  CHECK(dotted("text_model_encoder_layers_11_self_attn_out_proj") == "text_model.encoder.layers.11.self_attn.out_proj");
  CHECK(dotted("encoder_block_0_layer_1_DenseReluDense_wi_0") == "encoder.block.0.layer.1.DenseReluDense.wi_0");
  CHECK(dotted("blocks_3_cross_attn_k_img") == "blocks.3.cross_attn.k_img");
  CHECK(dotted("single_blocks_0_modulation_lin") == "single_blocks.0.modulation.lin");
  CHECK(dotted("model_layers_0_mlp_gate_proj") == "model.layers.0.mlp.gate_proj");
}

TEST_CASE("names that the words of base models do not build are not guessed") {
  CHECK(dotted("my_own_layer") == "unknown");
  CHECK(dotted("down_blocks_0_something") == "unknown");
  CHECK(dotted("") == "unknown");
  CHECK(dotted("down_blocks__0") == "unknown");
  CHECK(dotted(std::string(600, 'k')) == "unknown");
}

TEST_CASE("Flux and HunyuanVideo differ in a dot, which the other names decide") {
  CHECK(dotted("double_blocks_0_img_attn_qkv", {"double_blocks_0_img_mlp_0"}) == "double_blocks.0.img_attn.qkv");
  CHECK(dotted("double_blocks_0_img_attn_qkv", {"double_blocks_0_img_mlp_fc1"}) == "double_blocks.0.img_attn_qkv");
  CHECK(dotted("double_blocks_0_img_attn_qkv") == "unknown");
  CHECK(dotted("double_blocks_0_img_attn_qkv", {"double_blocks_0_img_mlp_fc1", "double_blocks_0_img_mlp_0"}) == "unknown");
}

TEST_CASE("text encoders are numbered where there are several") {
  CHECK(kohya_names({"a.b", "text_encoder.c"}) == std::vector<std::string>{"lora_unet_a_b", "lora_te_c"});
  CHECK(kohya_names({"text_encoder.c", "text_encoder_2.c"}) == std::vector<std::string>{"lora_te1_c", "lora_te2_c"});
}

TEST_CASE("an alpha gives back the scale, to the last bit where there is one that does") {
  CHECK(alpha_for(2.0, 8) == 16.0);
  CHECK(alpha_for(0.0, 8) == 0.0);
  for (const auto scale : {0.1, 1.0 / 3, -5 / std::sqrt(3.0), 1e-300}) {
    for (const std::uint64_t rank : {1U, 3U, 7U, 48U, 127U}) {
      const auto alpha = alpha_for(scale, rank);
      REQUIRE(alpha);
      CHECK(std::fabs(*alpha / static_cast<double>(rank) / scale - 1) < 3e-16);
    }
  }
  CHECK_FALSE(alpha_for(1e308, 100));
  std::vector<ConfigModule> modules{{"a", 8, 2}, {"b", 3, 0.1}};
  CHECK(settle_scales(modules) == 1);
  CHECK(modules[0].scale == 2);
  CHECK(std::fabs(modules[1].scale / 0.1 - 1) < 3e-16);
  CHECK(settle_scales(modules) == 0);
}

TEST_CASE("a configuration holds what most modules have, and patterns the rest") {
  Reasons reasons;
  ConfigFacts facts{{{"a.q", 4, 2}, {"a.k", 4, 2}, {"a.v", 8, 0.5}}, {}, "base", false, false};
  const auto config = peft_config(facts, {}, reasons);
  CHECK(reasons.empty());
  CHECK(config.find("r")->data == Value(std::uint64_t{4}).data);
  CHECK(config.find("lora_alpha")->data == Value(8).data);
  CHECK(config.find("rank_pattern")->find("a.v")->data == Value(std::uint64_t{8}).data);
  CHECK(config.find("alpha_pattern")->find("a.v")->data == Value(4).data);
  CHECK(config_holds(config, facts));
  facts.modules[0].scale = 3;
  CHECK_FALSE(config_holds(config, facts));
}

TEST_CASE("patterns that PEFT would take for another module too are refused") {
  CHECK(reasons_of({{{"a.q", 4, 2}, {"b.a.q", 4, 1}, {"c", 4, 1}, {"d", 4, 1}}, {}, "", false, false}).size() == 1);
  CHECK(reasons_of({{{"a.q", 4, 2}, {"b.aq", 4, 1}, {"c", 4, 1}, {"d", 4, 1}}, {}, "", false, false}).empty());
}

TEST_CASE("matrices are rearranged byte for byte") {
  CHECK(text_of(transposed(matrix({2, 3}, "abcdef"))) == "adbecf");
  CHECK(transposed(matrix({2, 3}, "abcdef")).shape == std::vector<std::uint64_t>{3, 2});
  CHECK(text_of(stacked({matrix({1, 2}, "ab"), matrix({2, 2}, "cdef")})) == "abcdef");
  CHECK(text_of(spread({matrix({4, 1}, "abcd")}, 2, {{0, 0}, {4, 1}}, {6, 2})) == "a.b......c.d");
  CHECK(text_of(spread({matrix({1, 2}, "ab"), matrix({2, 2}, "cdef")}, 0, {{0, 0}, {1, 2}}, {3, 4})) == "ab....cd..ef");
  auto other = matrix({1, 2}, "ab");
  other.dtype = Dtype::i8;
  CHECK_THROWS_AS(stacked({matrix({1, 2}, "ab"), other}), Refusal);
}
