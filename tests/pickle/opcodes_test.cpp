// SPDX-License-Identifier: Apache-2.0
#include "pickle/opcodes.hpp"

#include "support/catch.hpp"

#include <fmt/format.h>
#include <string>

using namespace upinspect::pickle;

namespace {

// Code, name and protocol of every opcode, as CPython 3.11's pickletools.opcodes has them.
constexpr std::string_view k_expected =
    "28 MARK 0; 29 EMPTY_TUPLE 1; 2e STOP 0; 30 POP 0; 31 POP_MARK 1; 32 DUP 0; 42 BINBYTES 3; "
    "43 SHORT_BINBYTES 3; 46 FLOAT 0; 47 BINFLOAT 1; 49 INT 0; 4a BININT 1; 4b BININT1 1; 4c LONG 0; "
    "4d BININT2 1; 4e NONE 0; 50 PERSID 0; 51 BINPERSID 1; 52 REDUCE 0; 53 STRING 0; 54 BINSTRING 1; "
    "55 SHORT_BINSTRING 1; 56 UNICODE 0; 58 BINUNICODE 1; 5d EMPTY_LIST 1; 61 APPEND 0; 62 BUILD 0; "
    "63 GLOBAL 0; 64 DICT 0; 65 APPENDS 1; 67 GET 0; 68 BINGET 1; 69 INST 0; 6a LONG_BINGET 1; 6c LIST 0; "
    "6f OBJ 1; 70 PUT 0; 71 BINPUT 1; 72 LONG_BINPUT 1; 73 SETITEM 0; 74 TUPLE 0; 75 SETITEMS 1; "
    "7d EMPTY_DICT 1; 80 PROTO 2; 81 NEWOBJ 2; 82 EXT1 2; 83 EXT2 2; 84 EXT4 2; 85 TUPLE1 2; 86 TUPLE2 2; "
    "87 TUPLE3 2; 88 NEWTRUE 2; 89 NEWFALSE 2; 8a LONG1 2; 8b LONG4 2; 8c SHORT_BINUNICODE 4; "
    "8d BINUNICODE8 4; 8e BINBYTES8 4; 8f EMPTY_SET 4; 90 ADDITEMS 4; 91 FROZENSET 4; 92 NEWOBJ_EX 4; "
    "93 STACK_GLOBAL 4; 94 MEMOIZE 4; 95 FRAME 4; 96 BYTEARRAY8 5; 97 NEXT_BUFFER 5; 98 READONLY_BUFFER 5; ";

}  // namespace

TEST_CASE("the opcode table is that of pickletools") {
  std::string table;
  for (const auto& opcode : opcodes()) {
    table += fmt::format("{:02x} {} {}; ", static_cast<unsigned>(opcode.code), opcode.name, opcode.protocol);
  }
  CHECK(table == k_expected);
  CHECK(opcodes().size() == 68);
}

TEST_CASE("opcodes are found by their byte, other bytes are none") {
  REQUIRE(find_opcode('R') != nullptr);
  CHECK(find_opcode('R')->name == "REDUCE");
  CHECK(find_opcode('R')->effect == "any any -> any");
  CHECK(find_opcode(0x99) == nullptr);
  CHECK(find_opcode(0) == nullptr);
  std::size_t known = 0;
  for (unsigned code = 0; code < 256; ++code) {
    known += find_opcode(static_cast<std::uint8_t>(code)) != nullptr ? 1U : 0U;
  }
  CHECK(known == opcodes().size());
}
