// SPDX-License-Identifier: Apache-2.0
// One spelling of a module's name for all families: docs/digests.md defines it.
#pragma once

#include <string>
#include <string_view>

namespace upinspect::lora {

/// The canonical name of a module as an adapter spells it. The denoiser or language model has no prefix; text encoders
/// are "te1_", "te2_", "te3_"; dots are underscores, because kohya's names cannot be dotted again.
[[nodiscard]] std::string canonical_name(std::string_view module);

/// The module's path in the base model, dotted where the adapter's spelling is: without "base_model.model.", wrappers
/// and the component. PEFT matches its patterns and target_modules against it.
[[nodiscard]] std::string_view base_path(std::string_view module);

/// "unet", "transformer", "text_encoder", "text_encoder_2", …; empty where the name has none.
[[nodiscard]] std::string_view component_of(std::string_view module);

/// A dotted path without the attention processors that diffusers' old adapters and XLabs' name: attn1.processor.to_out_lora is
/// attn1.to_out.0, double_blocks.0.processor.qkv_lora1 is double_blocks.0.img_attn.qkv.
[[nodiscard]] std::string without_processor(std::string path);

}  // namespace upinspect::lora
