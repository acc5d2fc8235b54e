// SPDX-License-Identifier: Apache-2.0
// Numbers and words out of settings: JSON keeps their types, a safetensors header has everything as text.
#pragma once

#include "upinspect/value.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace upinspect::lora {

/// A finite number, or text that is nothing but one. Booleans and null are no numbers.
[[nodiscard]] std::optional<double> as_number(const Value* value);

/// A whole number of 1 to 2^53.
[[nodiscard]] std::optional<std::uint64_t> as_count(const Value* value);

/// true, or text that says so.
[[nodiscard]] bool is_true(const Value* value);

[[nodiscard]] std::string as_text(const Value* value);

/// The object that the member `key` holds as JSON text; null where it holds none.
[[nodiscard]] Value embedded_json(const Value& metadata, const std::string& key);

/// Shortest text that reads back as the same number, as Python's repr of an integer or a float has it without ".0".
[[nodiscard]] std::string number_text(double number);

}  // namespace upinspect::lora
