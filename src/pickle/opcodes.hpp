// SPDX-License-Identifier: Apache-2.0
// The one table of pickle opcodes, protocols 0 to 5, as CPython's pickletools documents them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace upinspect::pickle {

enum class Opcode : std::uint8_t {
  mark = '(', empty_tuple = ')', stop = '.', pop = '0', pop_mark = '1', dup = '2',
  binbytes = 'B', short_binbytes = 'C', float_text = 'F', binfloat = 'G', int_text = 'I', binint = 'J',
  binint1 = 'K', long_text = 'L', binint2 = 'M', none = 'N', persid = 'P', binpersid = 'Q', reduce = 'R',
  string_text = 'S', binstring = 'T', short_binstring = 'U', unicode_text = 'V', binunicode = 'X',
  empty_list = ']', append = 'a', build = 'b', global = 'c', dict = 'd', appends = 'e', get = 'g',
  binget = 'h', inst = 'i', long_binget = 'j', list = 'l', obj = 'o', put = 'p', binput = 'q',
  long_binput = 'r', setitem = 's', tuple = 't', setitems = 'u', empty_dict = '}',
  proto = 0x80, newobj, ext1, ext2, ext4, tuple1, tuple2, tuple3, newtrue, newfalse, long1, long4,
  short_binunicode = 0x8c, binunicode8, binbytes8, empty_set, additems, frozenset, newobj_ex, stack_global,
  memoize, frame,
  bytearray8 = 0x96, next_buffer, readonly_buffer,
};

/// How an opcode's argument is stored. The number is the width in bytes of an integer or of a length; lengths are
/// unsigned but for `long4`; lines end with a newline. Everything is little-endian but `float8`.
enum class ArgumentKind : std::uint8_t {
  none,
  uint1, uint2, uint4, uint8, int4,
  float8,                              ///< big-endian IEEE 754 double
  long1, long4,                        ///< length, then a two's complement integer
  string1, string4,                    ///< length, then the bytes of a Python 2 str
  bytes1, bytes4, bytes8, bytearray8,  ///< length, then bytes
  unicode1, unicode4, unicode8,        ///< length, then UTF-8 that may hold surrogates
  unicode_line,                        ///< raw-unicode-escape
  quoted_line,                         ///< in quotes, with the escapes of Python
  line, line_pair,                     ///< as it stands: an identifier; module and name
  integer_line, long_line, float_line,
};

struct OpcodeInfo {
  Opcode code;
  std::string_view name;
  std::uint8_t protocol;  ///< that introduced it
  ArgumentKind argument;
  std::string_view effect;  ///< on the stack, "before -> after"
};

/// All 68, in order of their codes.
[[nodiscard]] std::span<const OpcodeInfo> opcodes() noexcept;

/// The row of `code`; nullptr where no protocol has it.
[[nodiscard]] const OpcodeInfo* find_opcode(std::uint8_t code) noexcept;

}  // namespace upinspect::pickle
