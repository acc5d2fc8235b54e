// SPDX-License-Identifier: Apache-2.0
// The table of spellings: which part of which module a tensor's key names, in every family that we know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace upinspect::lora {

/// How a key is spelled. One family can use several, and several families one.
enum class Spelling : std::uint8_t {
  peft,          ///< .lora_A.weight, .lora_A.<adapter>.weight, .lora_magnitude_vector, .ia3_l
  peft_bare,     ///< .lora_A
  peft_embedding,///< .lora_embedding_A
  kohya,         ///< .lora_down.weight, .lora_down.<i>.weight
  lycoris,       ///< .hada_w1_a, .lokr_w1, .a1.weight, .oft_blocks, .diff, .w_norm, …
  processor,     ///< .processor.to_q_lora.down.weight
  linear_layer,  ///< .lora_linear_layer.down.weight
  lora_down,     ///< .lora.down.weight
  control,       ///< .down, .up
  xlabs,         ///< .processor.qkv_lora1.down.weight
  cloneofsimo,   ///< unet:0:down
  mlx,           ///< .lora_a
  gguf,          ///< .weight.lora_a
  nemo,          ///< .lora_kqv_adapter.linear_in.weight
  half_file,     ///< .up-param.bin: a half under the name of the file that holds it
  shared,        ///< a part of no family of its own: .alpha, .dora_scale, .scalar, .m, .on_input
};

/// A part by itself makes a module; one that is only told by its company (an .alpha, a .scalar) does not.
enum class Weight : std::uint8_t { strong, weak };

struct KeyReading {
  std::string module;  ///< the key without the part's suffix
  std::string role;    ///< "down", "up", "mid", "alpha", "magnitude", "hada_w1_a", "down.0", …
  Spelling spelling = Spelling::shared;
  Weight weight = Weight::strong;

  friend bool operator==(const KeyReading&, const KeyReading&) = default;
};

/// The same where the module is a stretch of the key itself, or a text that stays.
struct KeyView {
  std::string_view module;
  std::string role;
  Spelling spelling = Spelling::shared;
  Weight weight = Weight::strong;
};

/// Nothing where the key ends like no part that we know.
[[nodiscard]] std::optional<KeyView> view_key(std::string_view key);
[[nodiscard]] std::optional<KeyReading> read_key(std::string_view key);

/// The suffix that `role` has in a spelling, with its leading separator: (kohya, "down") gives ".lora_down.weight".
/// Nothing where the spelling has no such part.
[[nodiscard]] std::optional<std::string> suffix_of(Spelling spelling, std::string_view role);

}  // namespace upinspect::lora
