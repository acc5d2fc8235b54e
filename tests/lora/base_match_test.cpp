// SPDX-License-Identifier: Apache-2.0
#include "lora/base_match.hpp"
#include "lora/canonical.hpp"
#include "support/catch.hpp"

using namespace upinspect;

namespace {

std::vector<Tensor> base_of(const std::vector<std::string>& names) {
  std::vector<Tensor> tensors(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    tensors[i].name = names[i];
  }
  return tensors;
}

std::vector<AdapterModule> modules_of(const std::vector<std::string>& names) {
  std::vector<AdapterModule> modules(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    modules[i].name = names[i];
    modules[i].canonical = lora::canonical_name(names[i]);
  }
  return modules;
}

/// The base tensor that each module finds; -1 for none.
std::vector<int> found(const std::vector<std::string>& base, const std::vector<std::string>& adapter) {
  const auto modules = modules_of(adapter);
  const lora::BaseMatch match(base_of(base), modules);
  std::vector<int> out;
  for (const auto& module : modules) {
    const auto weight = match.of(module);
    out.push_back(weight.weight && !weight.ambiguous ? static_cast<int>(*weight.weight) : -1);
  }
  return out;
}

}  // namespace

TEST_CASE("modules find their weights whoever spelled them") {
  CHECK(found({"down_blocks.0.attn1.to_q.weight"}, {"lora_unet_down_blocks_0_attn1_to_q"}) == std::vector{0});
  CHECK(found({"model.diffusion_model.double_blocks.3.img_attn.qkv.weight"}, {"lora_unet_double_blocks_3_img_attn_qkv"}) == std::vector{0});
  CHECK(found({"double_blocks.3.txt_attn.proj.weight"}, {"double_blocks.3.processor.proj_lora2"}) == std::vector{0});
  CHECK(found({"a.bias", "a.weight"}, {"base_model.model.a"}) == std::vector{1});
}

TEST_CASE("one prefix that a side has too much is taken away from all") {
  CHECK(found({"h.0.c.weight", "h.1.c.weight"}, {"transformer.h.0.c", "transformer.h.1.c"}) == std::vector{0, 1});
  CHECK(found({"language_model.model.layers.0.q.weight"}, {"model.layers.0.q"}) == std::vector{0});
  CHECK(found({"text_model.encoder.layers.0.mlp.fc1.weight"}, {"lora_te_text_model_encoder_layers_0_mlp_fc1"}) == std::vector{0});
}

TEST_CASE("what could be either of two weights is neither") {
  CHECK(found({"x.q.weight", "y.q.weight"}, {"q"}) == std::vector{-1});
  CHECK(found({"a_b.weight", "a.b.weight"}, {"a.b"}) == std::vector{-1});
  CHECK(found({"a.weight"}, {"b"}) == std::vector{-1});
}

TEST_CASE("a layer's bias is found with its weight") {
  const auto modules = modules_of({"fc"});
  const auto found = lora::BaseMatch(base_of({"fc.weight", "fc.bias"}), modules).of(modules[0]);
  CHECK(found.weight == std::size_t{0});
  CHECK(found.bias == std::size_t{1});
  CHECK_FALSE(found.ambiguous);
}
