// SPDX-License-Identifier: Apache-2.0
#include "lora/half_name.hpp"
#include "support/catch.hpp"

using namespace upinspect::lora;

TEST_CASE("Names of files that hold one half") {
  struct Row {
    const char* file;
    HalfName name;
  };
  const std::vector<Row> rows{
      {"up-param.bin", {"", "up", Sureness::certain}},
      {"down-param.bin", {"", "down", Sureness::certain}},
      {"Up_Param.BIN", {"", "up", Sureness::certain}},
      {"lora_unet_up.pt", {"unet", "up", Sureness::certain}},
      {"lora_te_down.pt", {"text_encoder", "down", Sureness::certain}},
      {"lora_te2_up.safetensors", {"text_encoder_2", "up", Sureness::certain}},
      {"unet-down-param.npy", {"unet", "down", Sureness::certain}},
      {"up.npz", {"", "up", Sureness::certain}},
      {"lora_down.ckpt", {"", "down", Sureness::certain}},
      {"lora_A.npy", {"", "down", Sureness::certain}},
      {"lora_B.npy", {"", "up", Sureness::certain}},
      {"model.layers.0.q_proj.lora_A.bin", {"model.layers.0.q_proj", "down", Sureness::certain}},
      {"style-up-param.bin", {"style", "up", Sureness::certain}},
      {"style_up.pt", {"style", "up", Sureness::plausible}},
      {"step.down.safetensors", {"step", "down", Sureness::plausible}},
      {"alpha.npy", {"", "alpha", Sureness::certain}},
      {"lora_unet_alpha.pt", {"unet", "alpha", Sureness::certain}},
      {"alpha.txt", {"", "alpha", Sureness::certain}},
  };
  for (const auto& row : rows) {
    INFO(row.file);
    const auto got = read_half_name(row.file);
    REQUIRE(got);
    CHECK(got->module == row.name.module);
    CHECK(got->role == row.name.role);
    CHECK(got->sureness == row.name.sureness);
  }
}

TEST_CASE("Names that hold no half") {
  for (const auto* file : {"", ".", ".bin", "up", "up-param", "up-param.md", "up.txt", "adapter_model.safetensors", "backup.bin", "setup.pt",
                           "lora.bin", "model_a.bin", "vitamin_b.pt", "a.npy", "up_proj.bin", "down_blocks.0.safetensors", "param.bin", "-.bin"}) {
    INFO(file);
    CHECK_FALSE(read_half_name(file));
  }
}
