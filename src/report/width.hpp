// SPDX-License-Identifier: Apache-2.0
// How many columns of a terminal a text takes, whatever the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace upinspect::report {

/// Columns that one code point takes: 2 for East Asian wide ones and emoji, 0 for marks on the one before, else 1.
[[nodiscard]] unsigned code_point_width(char32_t point) noexcept;

/// Columns that `text` takes. It must have passed the terminal's escaper and hold no colours.
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;

/// The longest start of `text` that fits `columns`; marks stay with their letter.
[[nodiscard]] std::string_view fit_front(std::string_view text, std::size_t columns) noexcept;

/// The longest end of `text` that fits `columns`; it does not begin with a mark.
[[nodiscard]] std::string_view fit_back(std::string_view text, std::size_t columns) noexcept;

/// `text` where it fits `columns`, else its start and its end around `ellipsis`.
[[nodiscard]] std::string elide_middle(std::string_view text, std::size_t columns, std::string_view ellipsis);

/// `text` where it fits `columns`, else its start and `ellipsis`.
[[nodiscard]] std::string elide_end(std::string_view text, std::size_t columns, std::string_view ellipsis);

/// `text` with spaces up to `columns` after it or before it.
[[nodiscard]] std::string pad_right(std::string_view text, std::size_t columns);
[[nodiscard]] std::string pad_left(std::string_view text, std::size_t columns);

}  // namespace upinspect::report
