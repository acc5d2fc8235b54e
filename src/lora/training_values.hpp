// SPDX-License-Identifier: Apache-2.0
// Texts and numbers out of a trainer's metadata, short enough to be kept.
#pragma once

#include "upinspect/value.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace upinspect::lora {

/// Of long text the beginning, cut between letters, with three dots behind it.
[[nodiscard]] std::string shortened(std::string text);

/// A text, number or truth as text; empty for what is nothing or no scalar. "None" is nothing.
[[nodiscard]] std::string scalar_text(const Value* value);

/// A whole number, zero included (unlike as_count).
[[nodiscard]] std::optional<std::uint64_t> whole_number(const Value* value);

}  // namespace upinspect::lora
