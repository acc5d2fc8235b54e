// SPDX-License-Identifier: Apache-2.0
// Which family wrote an adapter: told by keys and shapes, refined by what its metadata say.
#pragma once

#include "lora/drafts.hpp"
#include "upinspect/adapter.hpp"
#include "upinspect/value.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace upinspect::lora {

/// Where a family keeps its alpha, and what its loaders do where there is none.
enum class ScaleRule : std::uint8_t {
  settings,      ///< alpha / rank out of a configuration; unknown without it (PEFT, loralib, NeMo, custom names)
  tensor_or_one, ///< alpha / rank out of a tensor or the header; 1 where there is neither (kohya, diffusers and all like it)
  direct,        ///< the configuration names the scale itself (MLX)
  zero_is_one,   ///< alpha / rank, and 1 where alpha is 0 or missing (llama.cpp)
};

struct Family {
  std::string_view id;
  std::string_view title;
  ScaleRule rule;
  std::string_view alpha_place;  ///< where to look for an alpha that is not here; empty: nobody needs one
};

/// `drafts` and `modules` describe the same modules; names are the modules' alone.
[[nodiscard]] const Family& family_of(const Drafts& drafts, const std::vector<AdapterModule>& modules, const Value& metadata);

/// Every family, sorted by id.
[[nodiscard]] std::vector<Family> families();

}  // namespace upinspect::lora
