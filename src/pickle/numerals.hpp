// SPDX-License-Identifier: Apache-2.0
// Integers and floats as pickles write them: text by the rules of C and Python, and two's complement bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace upinspect::pickle {

/// An integer of any size. Where it does not fit in 64 bits, `text` holds it: decimal, or "0x..." beyond 128 bits where
/// the source was not decimal itself.
struct Integer {
  std::int64_t value = 0;
  bool fits = true;
  bool boolean = false;  ///< INT's 00 and 01
  bool unusual = false;  ///< written as no pickler writes it (hexadecimal, underscores, blanks)
  std::string text;

  [[nodiscard]] std::string to_text() const { return fits ? std::to_string(value) : text; }
  friend bool operator==(const Integer&, const Integer&) = default;
};

/// Python's int(text, base) for base 0 and 10: blanks around, underscores between digits, at most 4300 decimal digits.
[[nodiscard]] std::optional<Integer> python_integer(std::string_view text, int base);

/// The argument of INT without its newline, as C's strtol with base 0 and then Python read it: 010 is 8, 00 is False.
[[nodiscard]] std::optional<Integer> int_line(std::string_view line);

/// The argument of LONG without its newline: Python's int(text, 0), one final L dropped.
[[nodiscard]] std::optional<Integer> long_line(std::string_view line);

enum class FloatError : std::uint8_t { none, malformed, too_large };

/// The argument of FLOAT without its newline, independent of the locale.
[[nodiscard]] FloatError float_line(std::string_view line, double& out);

/// Little-endian two's complement; no bytes are 0.
[[nodiscard]] Integer twos_complement(std::span<const std::byte> bytes);

}  // namespace upinspect::pickle
