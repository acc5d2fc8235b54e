// SPDX-License-Identifier: Apache-2.0
// One escaper per medium: text from files passes here before it reaches a terminal or a document.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace upinspect::report {

/// True for code points that act on what shows them instead of being seen, or that look like nothing or like another:
/// controls, bidirectional controls, zero-width and other ignorable ones, separators and odd spaces, private use,
/// surrogates and noncharacters.
[[nodiscard]] bool is_deceptive(char32_t point) noexcept;

enum class Charset : std::uint8_t { ascii, utf8 };

/// `raw` fit for one line of a terminal that shows `charset`. What is_deceptive, what is not UTF-8 and what the charset
/// lacks is spelled: a byte as \xNN (ASCII controls and invalid bytes), a code point as \u{NNNN}. A backslash stands for
/// itself at the end and before printable ASCII other than `x`, `u` and backslash; elsewhere it is doubled. So no two
/// texts are written the same. Marks are spelled where they have no letter to sit on, or pile up more than four high.
[[nodiscard]] std::string escape_terminal(std::string_view raw, Charset charset = Charset::utf8);

/// Appends `raw` as a JSON string with its quotes. What is_deceptive is written \uNNNN, so that a document is safe to
/// look at; what is not UTF-8 becomes U+FFFD. False where there was such.
bool append_json_string(std::string& out, std::string_view raw);

/// True where append_json_string would add nothing but the quotes.
[[nodiscard]] bool is_plain_json(std::string_view raw) noexcept;

/// `raw` with each byte that `escapes` picks written as a percent sign and two hexadecimal digits (upper case).
[[nodiscard]] std::string percent_encoded(std::string_view raw, bool (*escapes)(char));

}  // namespace upinspect::report
