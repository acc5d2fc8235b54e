// SPDX-License-Identifier: Apache-2.0
#include "lora/canonical.hpp"
#include "support/catch.hpp"

#include <utility>

using namespace upinspect::lora;

TEST_CASE("One module has one canonical name in all families") {
  const std::pair<const char*, const char*> rows[] = {
      {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q", "down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"},
      {"unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora", "down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"},
      {"base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", "down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"},
      {"attn1.processor.to_out_lora", "attn1_to_out_0"},
      {"double_blocks.3.processor.qkv_lora1", "double_blocks_3_img_attn_qkv"},
      {"diffusion_model.double_blocks.3.processor.proj_lora2", "double_blocks_3_txt_attn_proj"},
      {"single_blocks.3.processor.proj_lora", "single_blocks_3_linear2"},
      {"single_blocks.3.processor.qkv_lora", "single_blocks_3_qkv"},
      {"lora_te_text_model_encoder_layers_0_mlp_fc1", "te1_text_model_encoder_layers_0_mlp_fc1"},
      {"text_encoder.text_model.encoder.layers.0.mlp.fc1", "te1_text_model_encoder_layers_0_mlp_fc1"},
      {"lora_te2_x", "te2_x"},
      {"text_encoder_2.x", "te2_x"},
      {"transformer.transformer_blocks.0.attn.to_q", "transformer_blocks_0_attn_to_q"},
      {"transformer.h.0.attn.c_attn", "transformer_h_0_attn_c_attn"},
      {"state_dict.module.base_model.model.model.layers.0.q_proj", "model_layers_0_q_proj"},
      {"blk.11.ffn_gate", "model_layers_11_mlp_gate_proj"},
      {"blk.x.ffn_gate", "blk_x_ffn_gate"},
      // sd-scripts' make_unet_conversion_map for SDXL
      {"lora_unet_input_blocks_1_0_in_layers_2", "down_blocks_0_resnets_0_conv1"},
      {"lora_unet_input_blocks_3_0_op", "down_blocks_0_downsamplers_0_conv"},
      {"lora_unet_input_blocks_4_1_proj_in", "down_blocks_1_attentions_0_proj_in"},
      {"lora_unet_input_blocks_8_1_transformer_blocks_9_ff_net_2", "down_blocks_2_attentions_1_transformer_blocks_9_ff_net_2"},
      {"lora_unet_middle_block_1_proj_out", "mid_block_attentions_0_proj_out"},
      {"lora_unet_middle_block_2_emb_layers_1", "mid_block_resnets_1_time_emb_proj"},
      {"lora_unet_output_blocks_2_1_transformer_blocks_0_attn1_to_q", "up_blocks_0_attentions_2_transformer_blocks_0_attn1_to_q"},
      {"lora_unet_output_blocks_5_2_conv", "up_blocks_1_upsamplers_0_conv"},
      {"lora_unet_output_blocks_8_0_skip_connection", "up_blocks_2_resnets_2_conv_shortcut"},
      {"lora_unet_label_emb_0_2", "add_embedding_linear_2"},
      {"lora_unet_input_blocks_0_0", "conv_in"},
      {"lora_unet_input_blocks_", "input_blocks_"},
      {"lora_unet_input_blocks_99999_1_x", "input_blocks_99999_1_x"},
      {"", ""},
  };
  for (const auto& [spelled, canonical] : rows) {
    INFO(spelled);
    CHECK(canonical_name(spelled) == canonical);
  }
}

TEST_CASE("The base model's path loses prefixes and nothing else") {
  CHECK(base_path("base_model.model.model.layers.0.q_proj") == "model.layers.0.q_proj");
  CHECK(base_path("transformer.transformer_blocks.0.attn.to_q") == "transformer_blocks.0.attn.to_q");
  CHECK(base_path("base_model.model.transformer.h.0.attn.c_attn") == "transformer.h.0.attn.c_attn");
  CHECK(base_path("text_encoder.text_model.encoder") == "text_model.encoder");
  CHECK(component_of("transformer.transformer_blocks.0") == "transformer");
  CHECK(component_of("transformer.h.0").empty());
}
