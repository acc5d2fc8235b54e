// SPDX-License-Identifier: Apache-2.0
// Breaks text into lines of a width.
#pragma once

#include "report/text_style.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::report {

/// `text` in lines of at most `columns`, broken at spaces, within a word only where the word alone is wider. The first
/// line has `first_columns`. At least one line.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t columns, std::size_t first_columns);

[[nodiscard]] inline std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
  return wrap(text, columns, columns);
}

/// The lines of `text` behind `indent` spaces each, with their ends.
[[nodiscard]] std::string indented(std::string_view text, std::size_t indent, Tone tone, const TextStyle& style);

}  // namespace upinspect::report
