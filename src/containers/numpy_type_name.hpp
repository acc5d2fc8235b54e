// SPDX-License-Identifier: Apache-2.0
// Reads the name of one plain element type of numpy: "<f4", "float32", "|S10", "<M8[ns]".
#pragma once

#include "bytes/parse_error.hpp"
#include "containers/numpy_dtype.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace upinspect::containers {

/// numpy counts an element's bytes in a C int.
inline constexpr std::uint64_t k_most_element_bytes = std::numeric_limits<std::int32_t>::max();

/// The type of that name. Throws a ParseError at `where`.
[[nodiscard]] NumpyDtype read_type_name(std::string_view text, std::uint64_t where);

/// The ParseError that says that numpy knows no such type.
[[noreturn]] void refuse_type_name(std::uint64_t where, std::string_view text);

/// A ParseError of the field "descr".
[[noreturn]] inline void refuse_descr(std::uint64_t where, std::string why) { throw bytes::ParseError(where, "descr", std::move(why)); }

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
/// A byte order, as numpy marks it.
[[nodiscard]] constexpr bool is_order(char c) noexcept { return c == '<' || c == '>' || c == '=' || c == '|'; }
/// White space, as Python's str.isspace has it for ASCII.
[[nodiscard]] constexpr bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace upinspect::containers
