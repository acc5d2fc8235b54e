// SPDX-License-Identifier: Apache-2.0
// What is taken and refused follows ast.literal_eval of CPython 3.11.
#include "bytes/python_literal.hpp"

#include "support/catch.hpp"

using namespace upinspect::bytes;
using namespace std::string_literals;

namespace {

std::string read(std::string_view text, PythonRules rules = {}) {
  try {
    return compact_python(parse_python_literal(text, 0, "header", rules));
  } catch (const ParseError& error) {
    return std::to_string(error.offset()) + ": " + error.why();
  }
}

constexpr PythonRules k_python2{PythonText::latin1, true};

}  // namespace

TEST_CASE("Python literals of every kind are read") {
  CHECK(read("None") == "None");
  CHECK(read("(True, False, ...)") == "(True,False,Ellipsis)");
  CHECK(read("[0, 0x1F, 0o17, 0b1_1, 1_000, 00]") == "[0,31,15,3,1000,0]");
  CHECK(read("(+6, -6, - 6, (-6))") == "(6,-6,-6,-6)");
  CHECK(read("[1., .5, 1e5, 1_0.5E-3, 012.5]") == "[1.,.5,1e5,1_0.5E-3,012.5]");
  CHECK(read("(2j, 3+3j, -1-2.5J, (1)+2j)") == "(2j,3+3j,-1-2.5J,1+2j)");
  CHECK(read("()") == "()");
  CHECK(read("(1)") == "1");
  CHECK(read("(1,)") == "(1,)");
  CHECK(read("1, 2,") == "(1,2)");
  CHECK(read("{}") == "{}");
  CHECK(read("{1: 2, 'a': [],}") == "{1:2,'a':[]}");
  CHECK(read("{1, 2}") == "{1,2}");
  CHECK(read("set ( )") == "set()");
  CHECK(read("{'a': 1, 'a': 2}") == "{'a':1,'a':2}");
}

TEST_CASE("integers know their sign, and those beyond 64 bits say so") {
  CHECK(parse_python_literal("18446744073709551615", 0, "x").magnitude == UINT64_MAX);
  CHECK_FALSE(parse_python_literal("18446744073709551615", 0, "x").wide);
  CHECK(parse_python_literal("18446744073709551616", 0, "x").wide);
  CHECK(parse_python_literal("0x10000000000000000", 0, "x").wide);
  CHECK(read("-18446744073709551616") == "-18446744073709551616");
  CHECK(parse_python_literal("-6", 0, "x").negative);
  CHECK(read(std::string(4301, '1')) == "0: an integer of more than 4300 digits");
}

TEST_CASE("strings are decoded") {
  CHECK(parse_python_literal("'a' \"b\" '''c\n''' u'd'", 0, "x").text == "abc\nd");
  CHECK(parse_python_literal(R"('\x41\101\u00e9\U0001F600\n\q\
z')", 0, "x").text == "AA\u00e9\U0001F600\n\\qz");
  CHECK(parse_python_literal(R"(r'\x41\'')", 0, "x").text == R"(\x41\')");
  CHECK(parse_python_literal(R"(b'\xff\0' rb'\0')", 0, "x").text == "\xff\0\\0"s);
  CHECK(parse_python_literal("'\xe9'", 0, "x", k_python2).text == "\u00e9");
  CHECK(parse_python_literal("'\u00e9'", 0, "x").text == "\u00e9");
  CHECK(read("b'\\x00\\xff'") == "b'\\x00\\xff'");
  CHECK(read("'it\\'s \\x1b'") == "'it\\'s \\x1b'");
}

TEST_CASE("white space, comments and joined lines are passed over") {
  CHECK(read(" \t{ # note\n 'a' \\\n : \r\n 1 } # end\n\n  # more\n") == "{'a':1}");
  CHECK(read("[1]  \n  \n") == "[1]");
  CHECK(read("[1]\n  ") == "6: unexpected indent");
  CHECK(read("[1]\n  ", k_python2) == "[1]");
  CHECK(read("[1]\r  ", k_python2) == "6: unexpected indent");
  CHECK(read("[1] \\\n") == "6: the text ends after a line continuation");
  CHECK(read("\n# first\n[\n1]\n") == "[1]");
  CHECK(read("\n  [1]") == "3: unexpected indent");
  CHECK(read("[1]\n[2]") == "4: expected the end of the text");
  CHECK(read("1\\ \n") == "2: unexpected character after a line continuation");
}

TEST_CASE("long integers of Python 2 are read only where they are allowed") {
  CHECK(read("(6L, 0x6 L)", k_python2) == "(6,6)");
  CHECK(read("(6L,)") == "2: a number runs into other characters");
  CHECK(read("(6LL,)", k_python2) == "2: a number runs into other characters");
  CHECK(read("(6\nL,)", k_python2) == "3: expected , or )");
}

TEST_CASE("what could act, and what is no literal, is refused") {
  CHECK(read("__import__('os').system('id')") == "0: the name __import__ is no literal");
  CHECK(read("'a'.upper()") == "0: an attribute is no literal");
  CHECK(read("'a'(1)") == "0: a call is no literal");
  CHECK(read("(1,)[0]") == "0: a subscript is no literal");
  CHECK(read("2*3") == "0: an expression is no literal");
  CHECK(read("(3+3,)") == "1: a sum of anything but a real and an imaginary number is no literal");
  CHECK(read("1+2j+3j") == "0: a sum of anything but a real and an imaginary number is no literal");
  CHECK(read("--5") == "1: a sign before a sign is no literal");
  CHECK(read("-(-5)") == "0: a sign before this is no literal");
  CHECK(read("-True") == "0: a sign before this is no literal");
  CHECK(read("1+-2j") == "2: a sign before this is no literal");
  CHECK(read("[x for x in y]") == "1: the name x is no literal");
  CHECK(read("f'{1}'") == "0: a formatted string is no literal");
  CHECK(read("set([1])") == "0: the name set is no literal");
}

TEST_CASE("what does not parse is refused where it goes wrong") {
  CHECK(read("") == "0: a value is missing");
  CHECK(read("{'a': 1") == "7: the text ends inside of {");
  CHECK(read("[1,") == "3: the text ends inside of [");
  CHECK(read("(1]") == "2: expected , or )");
  CHECK(read("(,)") == "1: a value is missing");
  CHECK(read("[1,,2]") == "3: a value is missing");
  CHECK(read("{1: 2, 3}") == "8: expected : after a key");
  CHECK(read("{1: 2, 3, 4: 5}") == "8: expected : after a key");
  CHECK(read("{1, 2: 3}") == "5: expected , or }");
  CHECK(read("{1:}") == "3: a value is missing");
  CHECK(read("{[]: 1}") == "1: a list cannot be a key or an element of a set");
  CHECK(read("{(1, [])}") == "1: a tuple cannot be a key or an element of a set");
  CHECK(read("'abc") == "0: a string that does not end");
  CHECK(read("'a\nb'") == "0: a string that does not end");
  CHECK(read("06") == "0: leading zeros in a decimal integer");
  CHECK(read("0_6") == "0: leading zeros in a decimal integer");
  CHECK(read("1__0") == "1: a number runs into other characters");
  CHECK(read("0x") == "2: a number without digits");
  CHECK(read("b'a' 'b'") == "5: bytes and characters cannot be joined");
  CHECK(read("b'\u00e9'") == "2: bytes can hold only ASCII characters as they stand");
  CHECK(read("'\\x4'") == "4: an escape with too few hexadecimal digits");
  CHECK(read("'\\U00110000'") == "11: an escape beyond the last character of Unicode");
  CHECK(read("'\\N{DIGIT ONE}'") == "2: characters by name (\\N{...}) are not read");
  CHECK(read("[1]\0"s) == "3: a NUL character, which Python source cannot hold");
}

TEST_CASE("brackets nest as deep as CPython lets them and cost no call stack") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(read(nested(200)) == nested(200));
  CHECK(read(nested(201)) == "200: too many nested brackets");
  CHECK(read(std::string(100000, '(')) == "200: too many nested brackets");
  CHECK(read(std::string(100000, '-') + "1") == "1: a sign before a sign is no literal");
}

TEST_CASE("a literal cut at any byte is refused, not misread") {
  const std::string whole = "{'descr': [('a', '<f4', (2, 3)), (b'b', -0x1F, 2+3j)], 'x': ()}";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CHECK_THROWS_AS(parse_python_literal(whole.substr(0, length), 0, "x"), ParseError);
  }
  CHECK(read(whole) == "{'descr':[('a','<f4',(2,3)),(b'b',-31,2+3j)],'x':()}");
}
