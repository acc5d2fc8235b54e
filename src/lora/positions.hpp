// SPDX-License-Identifier: Apache-2.0
// cloneofsimo's adapters number the layers of a model instead of naming them: which layer a number means.
#pragma once

#include "upinspect/adapter.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace upinspect::lora {

/// A weight of the base under its canonical name.
struct NamedShape {
  std::string name;
  std::vector<std::uint64_t> shape;
};

/// Where the names of an adapter's modules are nothing but positions ("12", "unet:12").
struct Positions {
  std::map<std::string, std::string> names;  ///< module -> canonical name of its layer in the base
  std::string words;                         ///< which order was taken, and what proves it
  std::map<std::string, std::string> why;    ///< component ("unet", empty for a bare list) -> why its positions mean nothing here
};

/// "unet" of "unet:12", empty of "12"; nothing for names that are no positions.
[[nodiscard]] std::optional<std::string> position_component(const std::string& module);

/// lora_diffusion takes the linear layers below the attention and GEGLU modules of a UNet, or below the attention modules
/// of a CLIP text encoder, in the order in which torch registers them, which changed between releases of diffusers. The one
/// order in which every layer has the shape of its update is taken.
[[nodiscard]] Positions read_positions(const std::vector<AdapterModule>& modules, const std::vector<NamedShape>& base);

}  // namespace upinspect::lora
