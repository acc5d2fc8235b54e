// SPDX-License-Identifier: Apache-2.0
// A file that is one JSON text, as the formats that live in JSON see it.
#pragma once

#include "formats/format.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace upinspect::formats {

inline constexpr std::uint64_t k_largest_json_text = std::uint64_t{64} << 20;

/// The longest JSON text that is read: k_largest_json_text, or half of the memory allowed.
[[nodiscard]] std::uint64_t longest_json_text(const InspectOptions& options) noexcept;

/// Keys by which formats know a JSON object for theirs.
inline constexpr std::array<std::string_view, 4> k_telling_json_keys{"weight_map", "peft_type", "lora_parameters", "fine_tune_type"};

/// What one look at a JSON object tells, its tree aside. Probe::json_object has it.
struct JsonOutline {
  std::array<bool, k_telling_json_keys.size()> found{};  ///< at the top level
  bool names_safetensors = false;                        ///< a text in it ends in ".safetensors"

  /// `key` is one of k_telling_json_keys.
  [[nodiscard]] bool has(std::string_view key) const noexcept;
};

/// The outline of a file that is one JSON object, no larger than longest_json_text and UTF-8; nothing for all other
/// files. Throws nothing.
[[nodiscard]] std::optional<JsonOutline> outline_json_object(const Probe& probe) noexcept;

/// Reads the file as a JSON value and labels it. Keys that stand twice at the top level are findings. Throws
/// bytes::ParseError.
[[nodiscard]] Value read_json_object(model::Builder& builder);

}  // namespace upinspect::formats
