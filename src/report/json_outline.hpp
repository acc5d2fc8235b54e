// SPDX-License-Identifier: Apache-2.0
// What a text that looks like JSON holds at its top, without building it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace upinspect::report {

struct JsonOutline {
  bool is_object = false;
  std::uint64_t members = 0;  ///< of an array its elements
};

/// Nothing where `text` is no balanced object or array. Only brackets, strings and commas are looked at: this sums up a
/// text for a reader, it does not validate it.
[[nodiscard]] std::optional<JsonOutline> json_outline(std::string_view text) noexcept;

}  // namespace upinspect::report
