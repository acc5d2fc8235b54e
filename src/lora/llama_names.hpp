// SPDX-License-Identifier: Apache-2.0
// llama.cpp's names of a model's layers, and what transformers calls them: its names are one for all architectures.
#pragma once

#include "lora/drafts.hpp"
#include "upinspect/value.hpp"

#include <string>
#include <string_view>

namespace upinspect::lora {

/// "model.layers.3.self_attn.q_proj" for "blk.3.attn_q"; empty where the architecture, or this layer of it, is not known.
[[nodiscard]] std::string transformers_path(std::string_view architecture, std::string_view module);

/// Gives the modules of an adapter in GGUF their paths, for the architecture that its header names. GPT-2's layers are
/// Conv1D, whose halves llama.cpp's converter turns and exchanges; their sizes tell, and where none does no path is given.
void read_llama_names(Drafts& drafts, const Value& metadata);

}  // namespace upinspect::lora
