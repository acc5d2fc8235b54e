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

TEST_CASE("a layer of Flux is found in several weights") {
  const auto base = base_of({"transformer_blocks.2.attn.to_v.weight", "transformer_blocks.2.attn.to_k.weight", "transformer_blocks.2.attn.to_q.weight",
                             "single_transformer_blocks.0.attn.to_q.weight", "single_transformer_blocks.0.attn.to_k.weight",
                             "single_transformer_blocks.0.attn.to_v.weight", "single_transformer_blocks.0.proj_mlp.weight"});
  const auto modules = modules_of({"lora_unet_double_blocks_2_img_attn_qkv", "double_blocks.2.processor.qkv_lora1", "lora_unet_single_blocks_0_linear1",
                                   "single_blocks.0.processor.qkv_lora", "lora_unet_double_blocks_2_txt_attn_qkv", "lora_unet_double_blocks_img_mlp_0"});
  const lora::BaseMatch match(base, modules);
  const auto parts = [&](std::size_t i) { return match.of(modules[i]).parts; };
  CHECK(parts(0) == std::vector<std::size_t>{2, 1, 0});
  CHECK(parts(1) == parts(0));
  CHECK(parts(2) == std::vector<std::size_t>{3, 4, 5, 6});
  CHECK(parts(3) == std::vector<std::size_t>{3, 4, 5});
  CHECK_FALSE(match.of(modules[4]).found());
  CHECK_FALSE(match.of(modules[5]).found());
}

TEST_CASE("XLabs' single blocks act on the first rows of one weight") {
  const auto modules = modules_of({"single_blocks.7.processor.qkv_lora", "single_blocks.7.processor.proj_lora"});
  const lora::BaseMatch match(base_of({"single_blocks.7.linear1.weight", "single_blocks.7.linear2.weight"}), modules);
  CHECK(match.of(modules[0]).weight == 0U);
  CHECK(match.of(modules[0]).first_rows);
  CHECK(match.of(modules[1]).weight == 1U);
  CHECK_FALSE(match.of(modules[1]).first_rows);
}

namespace {

/// A UNet's transformer blocks of these widths, one in each part, with their layers in alphabetical order.
std::vector<Tensor> unet(std::uint64_t down, std::uint64_t middle, std::uint64_t up) {
  std::vector<Tensor> out;
  for (const auto& [part, width] : {std::pair{std::string("down_blocks.0.attentions.0."), down}, {"mid_block.attentions.0.", middle}, {"up_blocks.0.attentions.0.", up}}) {
    for (const auto* layer : {"attn1.to_k", "attn1.to_out.0", "attn1.to_q", "attn1.to_v", "attn2.to_k", "attn2.to_out.0", "attn2.to_q", "attn2.to_v", "ff.net.0.proj"}) {
      const auto name = part + "transformer_blocks.0." + layer;
      out.emplace_back();
      out.back().name = name + ".weight";
      out.back().shape = {name.ends_with("proj") ? 8 * width : width, name.ends_with("attn2.to_k") || name.ends_with("attn2.to_v") ? 5 : width};
    }
  }
  return out;
}

std::vector<AdapterModule> numbered(const std::string& component, const std::vector<std::pair<std::uint64_t, std::uint64_t>>& shapes) {
  std::vector<AdapterModule> out(shapes.size());
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    out[i].name = component + std::to_string(i);
    out[i].canonical = out[i].name;
    out[i].out_features = shapes[i].first;
    out[i].in_features = shapes[i].second;
  }
  return out;
}

/// attn1, ff, attn2 of one block, or attn1, attn2, ff.
std::vector<std::pair<std::uint64_t, std::uint64_t>> block(std::uint64_t width, bool forward_last) {
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> first(4, {width, width});
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> second{{width, width}, {width, 5}, {width, 5}, {width, width}};
  auto out = first;
  if (!forward_last) {
    out.emplace_back(8 * width, width);
  }
  out.insert(out.end(), second.begin(), second.end());
  if (forward_last) {
    out.emplace_back(8 * width, width);
  }
  return out;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks(std::initializer_list<std::uint64_t> widths, bool forward_last) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
  for (const auto width : widths) {
    const auto more = block(width, forward_last);
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

}  // namespace

TEST_CASE("positions are read in the one order whose shapes fit") {
  const auto base = unet(8, 16, 24);
  const auto name = [&](const lora::BaseMatch& match, const AdapterModule& module) {
    const auto found = match.of(module);
    return found.weight ? base[*found.weight].name : std::string();
  };
  const auto old = numbered("unet:", blocks({8, 24, 16}, false));
  const lora::BaseMatch match(base, old);
  CHECK(name(match, old[0]) == "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight");
  CHECK(name(match, old[3]) == "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0.weight");
  CHECK(name(match, old[4]) == "down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj.weight");
  CHECK(name(match, old[10]) == "up_blocks.0.attentions.0.transformer_blocks.0.attn1.to_k.weight");
  CHECK(name(match, old[26]) == "mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0.weight");
  CHECK(match.prefix_words() == "the 27 positions of unet are a guess: down, up, mid, in each block attn1, ff, attn2, the one order that fits all shapes");
  const auto later = numbered("", blocks({8, 16, 24}, true));
  const lora::BaseMatch second(base, later);
  CHECK(name(second, later[8]) == "down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj.weight");
  CHECK(name(second, later[9]) == "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight");
}

TEST_CASE("positions that fit no order, or several, say so") {
  const auto fewer = numbered("", blocks({8, 24}, false));
  const lora::BaseMatch match(unet(8, 16, 24), fewer);
  CHECK_FALSE(match.of(fewer[0]).found());
  CHECK(match.why_missing(fewer[0], false) ==
        "its modules are positions, not names: 18 of them, where the base has 27 layers that lora_diffusion would count");
  const auto other = numbered("", blocks({8, 24, 20}, false));
  CHECK(lora::BaseMatch(unet(8, 16, 24), other).why_missing(other[0], false).ends_with("; the shapes part at position 18"));
  const auto alike = numbered("", blocks({8, 8, 8}, false));
  CHECK(lora::BaseMatch(unet(8, 8, 8), alike).why_missing(alike[0], false) == "its positions fit the base in several orders");
  const auto nothing = numbered("", {{4, 4}});
  CHECK(lora::BaseMatch(base_of({"x.weight"}), nothing).why_missing(nothing[0], false).find("has no UNet's") != std::string::npos);
}

TEST_CASE("positions of a text encoder are transformers' order") {
  std::vector<Tensor> base;
  for (const auto* layer : {"k_proj", "out_proj", "q_proj", "v_proj"}) {
    base.emplace_back();
    base.back().name = std::string("text_model.encoder.layers.0.self_attn.") + layer + ".weight";
    base.back().shape = {6, 6};
  }
  const auto modules = numbered("text_encoder:", {4, {6, 6}});
  const lora::BaseMatch match(base, modules);
  CHECK(match.of(modules[0]).weight == 0U);
  CHECK(match.of(modules[1]).weight == 3U);
  CHECK(match.of(modules[3]).weight == 1U);
  CHECK(match.prefix_words().ends_with("all shapes are alike"));
}
