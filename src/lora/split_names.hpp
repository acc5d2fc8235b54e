// SPDX-License-Identifier: Apache-2.0
// Layers that adapters and bases call by other names. Flux has two spellings: in BFL's a layer of several projections is one
// weight, in diffusers' they are weights of their own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace upinspect::lora {

/// XLabs' part of linear1 as linear1, llama.cpp's embeddings and output in transformers'; any other name as it stands. Canonical names in and out.
[[nodiscard]] std::string name_in_base(const std::string& canonical);

/// XLabs' pair for queries, keys and values of a single block: the first rows of linear1.
[[nodiscard]] bool is_of_first_rows(std::string_view canonical);

/// The dotted path of that layer: "single_blocks.7.linear1" for "single_blocks.7.qkv"; any other path as it stands.
[[nodiscard]] std::string layer_of_first_rows(std::string path);

/// The weights that diffusers has in the place of one of BFL's, in the order of its rows; empty for other names.
[[nodiscard]] std::vector<std::string> split_names(std::string_view canonical);

}  // namespace upinspect::lora
