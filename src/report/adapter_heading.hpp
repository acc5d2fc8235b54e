// SPDX-License-Identifier: Apache-2.0
// An adapter in one sentence: whose it is, for which base, how strong, whether it is whole.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/adapter.hpp"

#include <string>
#include <string_view>

namespace upinspect::report {

/// "PEFT LoRA for gpt2, rank 8, alpha 16 (adapter_config.json), scale 2, complete"
[[nodiscard]] std::string adapter_heading(const Adapter& adapter, const TextStyle& style);

/// "LoRA" for "lora".
[[nodiscard]] std::string_view spoken_method(std::string_view method) noexcept;

}  // namespace upinspect::report
