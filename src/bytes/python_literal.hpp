// SPDX-License-Identifier: Apache-2.0
// Reads Python literals as ast.literal_eval of CPython does, without a Python: values only, nothing is called.
#pragma once

#include "bytes/parse_error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::bytes {

enum class PythonKind : std::uint8_t {
  none, ellipsis, boolean, integer, floating, complex, string, bytes, tuple, list, set, dict,
};

/// A literal. Which members count follows from its kind.
struct PythonValue {
  PythonKind kind = PythonKind::none;
  bool truth = false;             ///< boolean
  bool negative = false;          ///< integer
  bool wide = false;              ///< integer of a magnitude beyond 64 bits, which `magnitude` does not hold
  bool hashable = true;           ///< false for lists, sets, dicts and tuples that hold one
  std::uint64_t magnitude = 0;    ///< integer
  std::string text;               ///< characters as UTF-8 (a lone surrogate as its three bytes), bytes, a number as written
  std::vector<PythonValue> items; ///< of tuple, list, set; of a dict key, value, key, value, repeated keys included
  std::uint64_t offset = 0;       ///< where it starts
  std::uint64_t end = 0;          ///< one past its last byte

  [[nodiscard]] bool is(PythonKind wanted) const noexcept { return kind == wanted; }
};

enum class PythonText : std::uint8_t { latin1, utf8 };

struct PythonRules {
  PythonText encoding = PythonText::utf8;
  /// Take what numpy's filter makes of headers that Python 2 wrote: long integers, `6L`, and blanks on the last line.
  bool long_suffix = false;
};

/// The brackets that CPython lets stand inside each other.
inline constexpr std::size_t k_python_depth = 200;

/// The value of `text`, which must be one expression. Throws a ParseError, at `base` plus the position, for all that
/// literal_eval refuses: names, calls, operators other than a sign or the sum of a complex number, what does not parse.
/// Two things that it takes are refused as well: \N{...} escapes and integers written with more than 4300 digits.
[[nodiscard]] PythonValue parse_python_literal(std::string_view text, std::uint64_t base, const std::string& field,
                                               PythonRules rules = {});

/// The value as Python would print it, without spaces: [('a','<f4'),('b','<i2',(2,))].
[[nodiscard]] std::string compact_python(const PythonValue& value);

/// What Python's type(x).__name__ says.
[[nodiscard]] std::string_view python_type_name(PythonKind kind) noexcept;

}  // namespace upinspect::bytes
