// SPDX-License-Identifier: Apache-2.0
// What modules are called in PEFT's spelling and in kohya's.
#pragma once

#include "convert/factors.hpp"
#include "convert/input.hpp"
#include "convert/refusal.hpp"

#include <map>
#include <string>
#include <vector>

namespace upinspect::convert {

/// What becomes of names that have lost their dots.
enum class FlatNaming : bool { dotted, stays };

struct NamingOptions {
  FlatNaming flat = FlatNaming::dotted;
  std::vector<std::string> modules;       ///< --module: names for modules that have none
  std::vector<std::string> base_weights;  ///< names of the base model's weights (--base), without ".weight"
};

/// Header keys under which kohya files that we write keep what kohya's names cannot say.
inline constexpr const char* k_paths_key = "upinspect.modules";
inline constexpr const char* k_config_key = "upinspect.adapter_config";

/// The module's path in the base model as PEFT spells it, without "base_model.model.", index for index with `modules`.
/// Text encoders keep their component ("text_encoder."). Names that cannot be told are reasons.
[[nodiscard]] std::vector<std::string> peft_paths(const Input& input, const std::vector<ModuleFactors>& modules,
                                                  const NamingOptions& options, Reasons& reasons);

/// The canonical name that the module has once it is at `path`: its own, unless it had none.
[[nodiscard]] std::string canonical_at(const Input& input, const ModuleFactors& module, const std::string& path);

/// "lora_unet_…", "lora_te_…", "lora_te1_…", "lora_te2_…", for paths as `peft_paths` gives them.
[[nodiscard]] std::vector<std::string> kohya_names(const std::vector<std::string>& paths);

/// Adds a reason for every two modules that would have one name.
void require_different(const std::vector<std::string>& names, const std::vector<ModuleFactors>& modules, Reasons& reasons);

}  // namespace upinspect::convert
