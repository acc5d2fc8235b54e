// SPDX-License-Identifier: Apache-2.0
// A file that is one JSON text, as the formats that live in JSON see it.
#pragma once

#include "formats/format.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace upinspect::formats {

inline constexpr std::uint64_t k_largest_json_text = std::uint64_t{64} << 20;

/// The longest JSON text that is read: k_largest_json_text, or half of the memory allowed.
[[nodiscard]] std::uint64_t longest_json_text(const InspectOptions& options) noexcept;

/// The whole text, where the file is one JSON object, no larger than longest_json_text and UTF-8; nothing for all
/// other files. Throws nothing.
[[nodiscard]] std::optional<std::string> json_object_text(const Probe& probe) noexcept;

/// True where the object in `text` has a member `key` at its top level.
[[nodiscard]] bool has_top_level_key(std::string_view text, std::string_view key);

/// Reads the file as a JSON value and labels it. Keys that stand twice at the top level are findings. Throws
/// bytes::ParseError.
[[nodiscard]] Value read_json_object(model::Builder& builder);

}  // namespace upinspect::formats
