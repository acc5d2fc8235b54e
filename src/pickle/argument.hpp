// SPDX-License-Identifier: Apache-2.0
// Reads the argument that follows an opcode in the stream, and says it as text.
#pragma once

#include "bytes/cursor.hpp"
#include "pickle/graph.hpp"
#include "pickle/numerals.hpp"
#include "pickle/opcodes.hpp"

#include <cstdint>
#include <string>

namespace upinspect::pickle {

/// What the str of Python 2 becomes: the `encoding` of pickle.load.
enum class LegacyStrings : std::uint8_t { ascii, utf8, latin1, bytes };

struct ArgumentOptions {
  LegacyStrings legacy_strings = LegacyStrings::ascii;
  std::uint64_t kept_bytes = std::uint64_t{64} << 10;  ///< longer byte strings are kept as a range of the source only
  std::uint64_t kept_text = std::uint64_t{1} << 20;    ///< the same for texts
};

/// An argument, decoded. Which members count follows from the opcode's ArgumentKind.
struct Argument {
  std::uint64_t number = 0;  ///< unsigned integers, and the index of PUT
  Integer integer;           ///< signed and unbounded integers
  double real = 0;
  StoredText text;           ///< strings, bytes, the identifier of PERSID, the module of a pair
  std::string name;          ///< the second line of a pair
};

/// Reads the argument of `opcode`, at which the cursor stands. Throws bytes::ParseError as CPython refuses.
void read_argument(bytes::Cursor& in, const OpcodeInfo& opcode, const ArgumentOptions& options, Argument& out);

/// The argument as one line of text, at most `cap` bytes of it; empty where the opcode has none. Not escaped.
[[nodiscard]] std::string describe(const OpcodeInfo& opcode, const Argument& argument, std::size_t cap = 200);

}  // namespace upinspect::pickle
