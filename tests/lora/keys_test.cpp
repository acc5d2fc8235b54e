// SPDX-License-Identifier: Apache-2.0
#include "lora/keys.hpp"
#include "support/catch.hpp"

using namespace upinspect::lora;

namespace {

struct Row {
  const char* key;
  KeyReading reading;
};

}  // namespace

TEST_CASE("Every spelling gives module and role") {
  const std::vector<Row> rows{
      {"base_model.model.q.lora_A.weight", {"base_model.model.q", "down", Spelling::peft}},
      {"base_model.model.q.lora_B.default.weight", {"base_model.model.q", "up", Spelling::peft}},
      {"q.lora_A", {"q", "down", Spelling::peft_bare}},
      {"emb.lora_embedding_B.default", {"emb", "up", Spelling::peft_embedding}},
      {"q.lora_magnitude_vector", {"q", "magnitude", Spelling::peft}},
      {"q.lora_B.bias", {"q", "up_bias", Spelling::peft}},
      {"lora_unet_x.lora_down.weight", {"lora_unet_x", "down", Spelling::kohya}},
      {"lora_unet_x.lora_up.2.weight", {"lora_unet_x", "up.2", Spelling::kohya}},
      {"lora_down", {"", "down", Spelling::kohya}},
      {"lora_unet_x.alpha", {"lora_unet_x", "alpha", Spelling::shared, Weight::weak}},
      {"lycoris_x.lokr_w2_a", {"lycoris_x", "lokr_w2_a", Spelling::lycoris}},
      {"attn1.processor.to_q_lora.down.weight", {"attn1.processor.to_q_lora", "down", Spelling::processor}},
      {"q_proj.lora_linear_layer.up.weight", {"q_proj", "up", Spelling::linear_layer}},
      {"to_q.lora.up.weight", {"to_q", "up", Spelling::lora_down}},
      {"to_q.down", {"to_q", "down", Spelling::control}},
      {"double_blocks.0.processor.qkv_lora1.up.weight", {"double_blocks.0.processor.qkv_lora1", "up", Spelling::xlabs}},
      {"unet:12:up", {"unet:12", "up", Spelling::cloneofsimo}},
      {"layers.0.q.lora_a", {"layers.0.q", "down", Spelling::mlx}},
      {"blk.0.attn_q.weight.lora_b", {"blk.0.attn_q", "up", Spelling::gguf}},
      {"adapter_layer.kqv_adapter.linear_in.weight", {"adapter_layer.kqv_adapter", "down", Spelling::nemo}},
  };
  for (const auto& row : rows) {
    INFO(row.key);
    const auto got = read_key(row.key);
    REQUIRE(got);
    CHECK(got->module == row.reading.module);
    CHECK(got->role == row.reading.role);
    CHECK(got->spelling == row.reading.spelling);
    CHECK(got->weight == row.reading.weight);
  }
}

TEST_CASE("Layers of base models and broken keys are no parts") {
  for (const auto* key : {"", ".", "weight", "up", "mlp.up.weight", "ff.linear_in.weight", "q.lora_A.a.b.weight", "q.lora_A.0.weight",
                          "unet:x:up", ":0:up", "unet:0:side", "q.alpha.weight", "lora_down.x.weight"}) {
    INFO(key);
    CHECK_FALSE(read_key(key));
  }
}

TEST_CASE("Halves that are called after their files") {
  const auto reads = [](const char* key, const char* module, const char* role, Weight weight = Weight::strong) {
    INFO(key);
    const auto got = read_key(key);
    REQUIRE(got);
    CHECK(*got == KeyReading{module, role, Spelling::half_file, weight});
  };
  reads("up-param.bin", "", "up");
  reads("unet.down-param.bin", "unet", "down");
  reads("model.layers.0.q_proj.up-param.bin", "model.layers.0.q_proj", "up");
  reads("lora_te_down.pt", "text_encoder", "down");
  reads("lora_A.npy", "", "down");
  reads("q_proj.lora_B.npy", "q_proj", "up");
  reads("alpha.bin", "", "alpha", Weight::weak);
}

TEST_CASE("A part's suffix reads back as the part") {
  for (const auto spelling : {Spelling::peft, Spelling::peft_bare, Spelling::peft_embedding, Spelling::kohya, Spelling::processor,
                              Spelling::linear_layer, Spelling::lora_down, Spelling::control, Spelling::cloneofsimo, Spelling::mlx,
                              Spelling::gguf, Spelling::half_file}) {
    for (const auto* role : {"down", "up"}) {
      const auto suffix = suffix_of(spelling, role);
      REQUIRE(suffix);
      const auto module = spelling == Spelling::processor ? std::string("x.to_q_lora") : spelling == Spelling::cloneofsimo ? std::string("unet:0") : std::string("x.to_q");
      const auto got = read_key(module + *suffix);
      REQUIRE(got);
      CHECK(got->role == role);
      CHECK(got->spelling == spelling);
      CHECK(got->module == module);
    }
  }
  CHECK(suffix_of(Spelling::kohya, "alpha") == ".alpha");
  CHECK(suffix_of(Spelling::kohya, "magnitude") == ".dora_scale");
  CHECK(suffix_of(Spelling::mlx, "magnitude") == ".m");
  CHECK(suffix_of(Spelling::peft, "magnitude") == ".lora_magnitude_vector");
  CHECK(suffix_of(Spelling::lycoris, "hada_w1_a") == ".hada_w1_a");
  CHECK(suffix_of(Spelling::lycoris, "a1") == ".a1.weight");
  CHECK_FALSE(suffix_of(Spelling::peft, "hada_w1_a"));
}
