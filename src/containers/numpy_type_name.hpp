// SPDX-License-Identifier: Apache-2.0
// Reads the name of one plain element type of numpy: "<f4", "float32", "|S10", "<M8[ns]".
#pragma once

#include "containers/numpy_dtype.hpp"

#include <cstdint>
#include <limits>
#include <string_view>

namespace upinspect::containers {

/// numpy counts an element's bytes in a C int.
inline constexpr std::uint64_t k_most_element_bytes = std::numeric_limits<std::int32_t>::max();

/// The type of that name. Throws a ParseError at `where`.
[[nodiscard]] NumpyDtype read_type_name(std::string_view text, std::uint64_t where);

/// The ParseError that says that numpy knows no such type.
[[noreturn]] void refuse_type_name(std::uint64_t where, std::string_view text);

}  // namespace upinspect::containers
