// SPDX-License-Identifier: Apache-2.0
// UTF-8 one code point at a time, strictly: what is no code point is said to be none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace upinspect::report {

/// The code point that starts where decode() looked, or the bytes there that are none.
struct CodePoint {
  char32_t value = 0;      ///< U+FFFD where not valid
  std::size_t length = 1;  ///< in bytes; of an invalid sequence its longest start that could have become valid
  bool valid = false;
};

/// What starts at text[position], which must exist. Overlong forms, surrogates and values above U+10FFFF are invalid
/// (Unicode 15, table 3-7); an invalid sequence has the length that Python's and the web's decoders replace as one.
[[nodiscard]] CodePoint decode(std::string_view text, std::size_t position) noexcept;

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// Appends `point`, which must be a Unicode scalar value.
void append_utf8(std::string& out, char32_t point);

/// The bytes in lower-case hex.
[[nodiscard]] std::string hex(std::string_view bytes);

}  // namespace upinspect::report
