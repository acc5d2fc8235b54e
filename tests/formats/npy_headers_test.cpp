// SPDX-License-Identifier: Apache-2.0
// The tables follow what numpy 1.24 says of files with the same headers; numpy's words are longer, the verdict is one.
#include "support/npy_reading.hpp"

using namespace std::string_view_literals;
using namespace upinspect::test;

namespace {

struct HeaderCase {
  std::string_view text;
  std::string_view told;
};

struct HeaderRow {
  unsigned version;
  std::string_view header;
  std::string_view told;
};

constexpr HeaderCase k_shapes[] = {
    {"()", "f32 scalar"},
    {"[6]", "refused: shape: expected a tuple, found [6]"},
    {"6", "refused: shape: expected a tuple, found 6"},
    {"(6)", "refused: shape: expected a tuple, found 6"},
    {"(-1,)", "f32 6; npy.negative-dimension"},
    {"(-6,)", "f32 6; npy.negative-dimension"},
    {"(-2,-3)", "refused: shape: only one dimension can be left unknown"},
    {"(-1,3)", "f32 2x3; npy.negative-dimension"},
    {"(True,)", "refused: shape: expected an integer, found True"},
    {"(6L,)", "f32 6"},
    {"(0x6,)", "f32 6"},
    {"(0_6,)", "refused: header: leading zeros in a decimal integer"},
    {"(1_0,)", "f32 10; error container.truncated: the array needs 40 bytes of data, 24 are there (16 missing)"},
    {"(6.0,)", "refused: shape: expected an integer, found 6.0"},
    {"(9223372036854775808,)", "refused: shape: the dimension 9223372036854775808 does not fit 63 bits"},
    {"(4611686018427387904,)", "refused: shape: the product of the dimensions exceeds 2^63"},
    {"(4294967296,4294967296)", "refused: shape: the product of the dimensions exceeds 2^63"},
    {"(4294967296,4294967296,0)", "refused: shape: the product of the dimensions exceeds 2^63"},
    {"(0,4294967296,4294967296)", "refused: shape: the product of the dimensions exceeds 2^63"},
    {"(6,3)", "f32 6x3; error container.truncated: the array needs 72 bytes of data, 24 are there (48 missing)"},
};

// Each is the type of one element; 64 zero bytes follow.
constexpr HeaderCase k_types[] = {
    {"'>f4'", "f32 1"},
    {"'f4'", "f32 1; npy.native-byte-order"},
    {"'=f4'", "f32 1; npy.native-byte-order"},
    {"'|f4'", "f32 1; npy.native-byte-order"},
    {"'float32'", "f32 1; npy.native-byte-order"},
    {"'<f2'", "f16 1"},
    {"'e'", "f16 1; npy.native-byte-order"},
    {"'<f16'", "<f16 1"},
    {"'g'", "g 1; npy.native-byte-order; npy.platform-width"},
    {"'<c8'", "c64 1"},
    {"'<c16'", "c128 1"},
    {"'<c4'", "refused: descr: '<c4' is no element type of numpy"},
    {"'|b1'", "bool 1"},
    {"'?'", "bool 1"},
    {"'|u1'", "u8 1"},
    {"'|i1'", "i8 1"},
    {"'<u8'", "u64 1"},
    {"'<M8[ns]'", "<M8[ns] 1"},
    {"'<m8[D]'", "<m8[D] 1"},
    {"'|S4'", "|S4 1"},
    {"'<U1'", "<U1 1"},
    {"'|V4'", "|V4 1; npy.void-type"},
    {"'V0'", "V0 1"},
    {"'S0'", "S0 1"},
    {"'O'", "object 1; npy.object-array; error pickle.malformed: the array's pickle: 0x00 is no opcode"},
    {"'|O'", "object 1; npy.object-array; error pickle.malformed: the array's pickle: 0x00 is no opcode"},
    {"'object'", "object 1; npy.object-array; error pickle.malformed: the array's pickle: 0x00 is no opcode"},
    {"'<f3'", "refused: descr: '<f3' is no element type of numpy"},
    {"'x'", "refused: descr: 'x' is no element type of numpy"},
    {"''", "refused: descr: '' is no element type of numpy"},
    {"'i4,f4'", "i4,f4 1; npy.native-byte-order"},
    {"'3f4'", "f32 1x3; npy.native-byte-order; "
     "error npy.subarray-type: the element type is a sub-array: np.load cannot reshape the array, only a memory map reads it"},
    {"'(2,)f4'", "f32 1x2; npy.native-byte-order; "
     "error npy.subarray-type: the element type is a sub-array: np.load cannot reshape the array, only a memory map reads it"},
    {"'<V2'", "<V2 1; npy.void-type"},
    {"'|V1'", "|V1 1; npy.void-type"},
    {"'bfloat16'", "refused: descr: 'bfloat16' is no element type of numpy"},
    {"'<b1'", "bool 1"},
    {"'b'", "i8 1"},
    {"'B'", "u8 1"},
    {"'|S0'", "|S0 1"},
    {"'<f4x'", "refused: descr: '<f4x' is no element type of numpy"},
    {"'l'", "i64 1; npy.native-byte-order; npy.platform-width"},
    {"'c'", "c 1"},
    {"'a3'", "a3 1"},
    {"'U4'", "U4 1; npy.native-byte-order"},
};

// clang-format off
constexpr HeaderRow k_headers[] = {
    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }"sv, "f32 6"},
    {2, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }"sv, "f32 6"},
    {3, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }"sv, "f32 6"},
 
       {3, "{'descr': '<f4', 'fortran_order': False, 'shape': (6L,), }"sv, "refused: header: a number runs into other characters"},
    {1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2,3), }"sv, "f32 2x3"},
 
       {1, "{'descr': '<f4', 'fortran_order': 1, 'shape': (6,), }"sv, "refused: fortran_order: expected True or False, found 1"},
 
       {1, "{'descr': '<f4', 'fortran_order': None, 'shape': (6,), }"sv, "refused: fortran_order: expected True or False, found None"},
 
       {1, "{'descr': [('a','<f4'),('b','<i2',(2,))], 'fortran_order': False, 'shape': (2,), }"sv, "[('a','<f4'),('b','<i2',(2,))] 2"},
    {1, "{'descr': [('a','<f4'),('','|V4')], 'fortran_order': False, 'shape': (2,), }"sv, "[('a','<f4'),('','|V4')] 2"},
 
       {1, "{'descr': [('a',[('x','<f4'),('y','u1')])], 'fortran_order': False, 'shape': (2,), }"sv, "[('a',[('x','<f4'),('y','u1')])] 2"},
    {1, "{'descr': [(('T','a'),'<f4')], 'fortran_order': False, 'shape': (2,), }"sv, "[(('T','a'),'<f4')] 2"},
 
       {1, "{'descr': [('a','<f4'),('a','<f4')], 'fortran_order': False, 'shape': (2,), }"sv, "refused: descr: two fields are called 'a'"},
    {1, "{'descr': ('<f4',(3,)), 'fortran_order': False, 'shape': (2,), }"sv, "f32 2x3; "
     "error npy.subarray-type: the element type is a sub-array: np.load cannot reshape the array, only a memory map reads it"},
    {1, "{'descr': ('<f4',(1,)), 'fortran_order': False, 'shape': (2,), }"sv, "f32 2"},
    {1, "{'descr': [('a','O')], 'fortran_order': False, 'shape': (2,), }"sv, "[('a','O')] 2; npy.object-array; error pickle.malformed: the array's pickle: 0x00 is no opcode"},
 
       {1, "{'descr': {'names':['a'],'formats':['<f4']}, 'fortran_order': False, 'shape': (2,), }"sv, "refused: descr: a field must have a name, a type and perhaps a shape, not 5 parts"},
    {1, "{'descr': [], 'fortran_order': False, 'shape': (2,), }"sv, "[] 2"},
    {1, "{'descr': None, 'fortran_order': False, 'shape': (6,), }"sv, "refused: descr: None describes no element type"},
 
       {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'x': 1, }"sv, "refused: header: the key 'x' is none of descr, fortran_order, shape; numpy takes exactly these"},
    {1, "{'descr': '<f4', 'shape': (6,), }"sv, "refused: header: the key fortran_order is missing"},
    {1, "{'descr': '<f8', 'fortran_order': False, 'shape': (6,), 'descr': '<f4', }"sv, "f32 6; npy.duplicate-key"},
 
       {1, "{b'descr': '<f4', b'fortran_order': False, b'shape': (6,), }"sv, "refused: header: the key b'descr' is none of descr, fortran_order, shape; numpy takes exactly these"},
    {1, "[1]"sv, "refused: header: expected a dict, found a list"},
    {1, "__import__('os').system('id')"sv, "refused: header: the name __import__ is no literal"},
    {1, "  {'descr': '<f4', 'fortran_order': False, 'shape': (6,), }"sv, "f32 6; npy.header-text"},
    {1, "\n{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }"sv, "f32 6; npy.header-text"},
    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), } # hidden"sv, "f32 6; npy.header-text"},
 
       {1, "{'descr': '<f4\0', 'fortran_order': False, 'shape': (6,), }"sv, "refused: header: a NUL character, which Python source cannot hold"},
 
       {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }\0\0\0"sv, "refused: header: a NUL character, which Python source cannot hold"},
    {1, "{'descr': \"<f4\", 'fortran_order': False, 'shape': (6,), }"sv, "f32 6"},
    {1, "{'descr': '<' 'f4', 'fortran_order': False, 'shape': (6,), }"sv, "f32 6"},
    {1, "{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (6,), }"sv, "f32 6"},
    {1, "{'descr': '<f4',\n'fortran_order': False,\n'shape': (6,),\n}"sv, "f32 6"},
    {1, "{'descr', 'x'}"sv, "refused: header: expected a dict, found a set"},
    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (+6,), }"sv, "f32 6"},
    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2*3,), }"sv, "refused: header: an expression is no literal"},
 
       {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3+3,), }"sv, "refused: header: a sum of anything but a real and an imaginary number is no literal"},
    {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3+3j,), }"sv, "refused: shape: expected an integer, found 3+3j"},
    {1, "{'descr': [('\xe9""','<f4')], 'fortran_order': False, 'shape': (6,), }"sv, "[('é','<f4')] 6"},
    {3, "{'descr': [('\xe9""','<f4')], 'fortran_order': False, 'shape': (6,), }"sv, "refused: header: is not UTF-8"},
    {1, "{'descr': '|V0', 'fortran_order': False, 'shape': (4611686018427387904,), }"sv, "|V0 4611686018427387904"},
    {1, "{'descr': '|S0', 'fortran_order': False, 'shape': (1099511627776,), }"sv, "|S0 1099511627776"},
 
       {1, "{'descr': '<M8[lightyears]', 'fortran_order': False, 'shape': (1,), }"sv, "refused: descr: '<M8[lightyears]' is no element type of numpy"},
};
// clang-format on

}  // namespace

TEST_CASE("shapes are taken as numpy takes them from a file") {
  for (const auto& row : k_shapes) {
    NpyBuilder file;
    file.shape = row.text;
    INFO(row.text);
    CHECK(told_by_npy(file) == row.told);
  }
}

TEST_CASE("element types are named as numpy knows them") {
  for (const auto& row : k_types) {
    NpyBuilder file;
    file.descr = row.text;
    file.shape = "(1,)";
    file.data.assign(64, '\0');
    INFO(row.text);
    CHECK(told_by_npy(file) == row.told);
  }
}

TEST_CASE("headers are parsed as ast.literal_eval and numpy's checks do") {
  for (const auto& row : k_headers) {
    NpyBuilder file;
    file.major = row.version;
    file.header = std::string(row.header);
    INFO(row.header);
    CHECK(told_by_npy(file) == row.told);
  }
}
