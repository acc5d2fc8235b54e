// SPDX-License-Identifier: Apache-2.0
#include "pickle/opcodes.hpp"

#include <array>

namespace upinspect::pickle {

namespace {

constexpr OpcodeInfo k_opcodes[] = {
    {Opcode::mark, "MARK", 0, ArgumentKind::none, "- -> mark"},
    {Opcode::empty_tuple, "EMPTY_TUPLE", 1, ArgumentKind::none, "- -> tuple"},
    {Opcode::stop, "STOP", 0, ArgumentKind::none, "any -> -"},
    {Opcode::pop, "POP", 0, ArgumentKind::none, "any -> -"},
    {Opcode::pop_mark, "POP_MARK", 1, ArgumentKind::none, "mark stackslice -> -"},
    {Opcode::dup, "DUP", 0, ArgumentKind::none, "any -> any any"},
    {Opcode::binbytes, "BINBYTES", 3, ArgumentKind::bytes4, "- -> bytes"},
    {Opcode::short_binbytes, "SHORT_BINBYTES", 3, ArgumentKind::bytes1, "- -> bytes"},
    {Opcode::float_text, "FLOAT", 0, ArgumentKind::float_line, "- -> float"},
    {Opcode::binfloat, "BINFLOAT", 1, ArgumentKind::float8, "- -> float"},
    {Opcode::int_text, "INT", 0, ArgumentKind::integer_line, "- -> int_or_bool"},
    {Opcode::binint, "BININT", 1, ArgumentKind::int4, "- -> int"},
    {Opcode::binint1, "BININT1", 1, ArgumentKind::uint1, "- -> int"},
    {Opcode::long_text, "LONG", 0, ArgumentKind::long_line, "- -> int"},
    {Opcode::binint2, "BININT2", 1, ArgumentKind::uint2, "- -> int"},
    {Opcode::none, "NONE", 0, ArgumentKind::none, "- -> None"},
    {Opcode::persid, "PERSID", 0, ArgumentKind::line, "- -> any"},
    {Opcode::binpersid, "BINPERSID", 1, ArgumentKind::none, "any -> any"},
    {Opcode::reduce, "REDUCE", 0, ArgumentKind::none, "any any -> any"},
    {Opcode::string_text, "STRING", 0, ArgumentKind::quoted_line, "- -> bytes_or_str"},
    {Opcode::binstring, "BINSTRING", 1, ArgumentKind::string4, "- -> bytes_or_str"},
    {Opcode::short_binstring, "SHORT_BINSTRING", 1, ArgumentKind::string1, "- -> bytes_or_str"},
    {Opcode::unicode_text, "UNICODE", 0, ArgumentKind::unicode_line, "- -> str"},
    {Opcode::binunicode, "BINUNICODE", 1, ArgumentKind::unicode4, "- -> str"},
    {Opcode::empty_list, "EMPTY_LIST", 1, ArgumentKind::none, "- -> list"},
    {Opcode::append, "APPEND", 0, ArgumentKind::none, "list any -> list"},
    {Opcode::build, "BUILD", 0, ArgumentKind::none, "any any -> any"},
    {Opcode::global, "GLOBAL", 0, ArgumentKind::line_pair, "- -> any"},
    {Opcode::dict, "DICT", 0, ArgumentKind::none, "mark stackslice -> dict"},
    {Opcode::appends, "APPENDS", 1, ArgumentKind::none, "list mark stackslice -> list"},
    {Opcode::get, "GET", 0, ArgumentKind::integer_line, "- -> any"},
    {Opcode::binget, "BINGET", 1, ArgumentKind::uint1, "- -> any"},
    {Opcode::inst, "INST", 0, ArgumentKind::line_pair, "mark stackslice -> any"},
    {Opcode::long_binget, "LONG_BINGET", 1, ArgumentKind::uint4, "- -> any"},
    {Opcode::list, "LIST", 0, ArgumentKind::none, "mark stackslice -> list"},
    {Opcode::obj, "OBJ", 1, ArgumentKind::none, "mark any stackslice -> any"},
    {Opcode::put, "PUT", 0, ArgumentKind::integer_line, "- -> -"},
    {Opcode::binput, "BINPUT", 1, ArgumentKind::uint1, "- -> -"},
    {Opcode::long_binput, "LONG_BINPUT", 1, ArgumentKind::uint4, "- -> -"},
    {Opcode::setitem, "SETITEM", 0, ArgumentKind::none, "dict any any -> dict"},
    {Opcode::tuple, "TUPLE", 0, ArgumentKind::none, "mark stackslice -> tuple"},
    {Opcode::setitems, "SETITEMS", 1, ArgumentKind::none, "dict mark stackslice -> dict"},
    {Opcode::empty_dict, "EMPTY_DICT", 1, ArgumentKind::none, "- -> dict"},
    {Opcode::proto, "PROTO", 2, ArgumentKind::uint1, "- -> -"},
    {Opcode::newobj, "NEWOBJ", 2, ArgumentKind::none, "any any -> any"},
    {Opcode::ext1, "EXT1", 2, ArgumentKind::uint1, "- -> any"},
    {Opcode::ext2, "EXT2", 2, ArgumentKind::uint2, "- -> any"},
    {Opcode::ext4, "EXT4", 2, ArgumentKind::int4, "- -> any"},
    {Opcode::tuple1, "TUPLE1", 2, ArgumentKind::none, "any -> tuple"},
    {Opcode::tuple2, "TUPLE2", 2, ArgumentKind::none, "any any -> tuple"},
    {Opcode::tuple3, "TUPLE3", 2, ArgumentKind::none, "any any any -> tuple"},
    {Opcode::newtrue, "NEWTRUE", 2, ArgumentKind::none, "- -> bool"},
    {Opcode::newfalse, "NEWFALSE", 2, ArgumentKind::none, "- -> bool"},
    {Opcode::long1, "LONG1", 2, ArgumentKind::long1, "- -> int"},
    {Opcode::long4, "LONG4", 2, ArgumentKind::long4, "- -> int"},
    {Opcode::short_binunicode, "SHORT_BINUNICODE", 4, ArgumentKind::unicode1, "- -> str"},
    {Opcode::binunicode8, "BINUNICODE8", 4, ArgumentKind::unicode8, "- -> str"},
    {Opcode::binbytes8, "BINBYTES8", 4, ArgumentKind::bytes8, "- -> bytes"},
    {Opcode::empty_set, "EMPTY_SET", 4, ArgumentKind::none, "- -> set"},
    {Opcode::additems, "ADDITEMS", 4, ArgumentKind::none, "set mark stackslice -> set"},
    {Opcode::frozenset, "FROZENSET", 4, ArgumentKind::none, "mark stackslice -> frozenset"},
    {Opcode::newobj_ex, "NEWOBJ_EX", 4, ArgumentKind::none, "any any any -> any"},
    {Opcode::stack_global, "STACK_GLOBAL", 4, ArgumentKind::none, "str str -> any"},
    {Opcode::memoize, "MEMOIZE", 4, ArgumentKind::none, "any -> any"},
    {Opcode::frame, "FRAME", 4, ArgumentKind::uint8, "- -> -"},
    {Opcode::bytearray8, "BYTEARRAY8", 5, ArgumentKind::bytearray8, "- -> bytearray"},
    {Opcode::next_buffer, "NEXT_BUFFER", 5, ArgumentKind::none, "- -> buffer"},
    {Opcode::readonly_buffer, "READONLY_BUFFER", 5, ArgumentKind::none, "buffer -> buffer"},
};

constexpr std::array<std::uint8_t, 256> index_by_code() {
  std::array<std::uint8_t, 256> index{};
  std::uint8_t row = 1;  // 0 stands for "no such opcode"
  for (const auto& opcode : k_opcodes) {
    index[static_cast<std::uint8_t>(opcode.code)] = row++;
  }
  return index;
}

constexpr auto k_index = index_by_code();

}  // namespace

std::span<const OpcodeInfo> opcodes() noexcept { return k_opcodes; }

const OpcodeInfo* find_opcode(std::uint8_t code) noexcept {
  const auto row = k_index[code];
  return row == 0 ? nullptr : &k_opcodes[row - 1];
}

}  // namespace upinspect::pickle
