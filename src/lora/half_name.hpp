// SPDX-License-Identifier: Apache-2.0
// Names of files that hold one half of an adapter: up-param.bin, lora_unet_down.pt, q_proj.lora_A.npy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace upinspect::lora {

/// How sure a name is. Whole adapters are called "step_up" too: a plausible half needs its other half to be one.
enum class Sureness : std::uint8_t { plausible, certain };

struct HalfName {
  std::string module;  ///< "unet", "text_encoder", "q_proj"; empty where the name says none
  std::string role;    ///< "up", "down" or "alpha"
  Sureness sureness = Sureness::certain;

  friend bool operator==(const HalfName&, const HalfName&) = default;
};

/// What a file's name, without its folder, says; nothing where it ends in no extension of weights or names no half.
[[nodiscard]] std::optional<HalfName> read_half_name(std::string_view file);

/// The other half's role.
[[nodiscard]] std::string_view opposite(std::string_view role);

/// Components of a pipeline that split files are named after.
[[nodiscard]] bool is_component(std::string_view module);

/// A component's name in a text that stays; empty for others.
[[nodiscard]] std::string_view component_text(std::string_view module);

}  // namespace upinspect::lora
