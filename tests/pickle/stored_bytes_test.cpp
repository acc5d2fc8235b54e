// SPDX-License-Identifier: Apache-2.0
#include "pickle/stored_bytes.hpp"

#include "bytes/parse_error.hpp"
#include "pickle/machine.hpp"
#include "support/catch.hpp"
#include "support/pickle_builder.hpp"

using namespace upinspect;
using namespace upinspect::pickle;
using test::PickleBuilder;

namespace {

/// The byte string that a pickle returns, read back from its source; "none" where it returns another thing.
std::string bytes_of(PickleBuilder builder, const Options& options = {}) {
  const auto source = builder.stop().source();
  const auto program = run(source, 0, options);
  REQUIRE(program.complete());
  const auto ref = find_bytes(program.graph, program.root);
  return ref ? read_bytes(program.graph, source, *ref, 1'000'000) : "none";
}

PickleBuilder encoded(const PickleBuilder& text, std::string_view codec = "latin1") {
  return PickleBuilder().global("_codecs", "encode").raw(text.string()).text(codec).op(Opcode::tuple2).reduce();
}

}  // namespace

TEST_CASE("bytes are found in every form that protocols give them") {
  const std::string wanted("a\xff\0\n", 4);
  CHECK(bytes_of(PickleBuilder().bytes(wanted)) == wanted);
  CHECK(bytes_of(PickleBuilder().op(Opcode::bytearray8).le(4, 8).raw(wanted)) == wanted);
  CHECK(bytes_of(encoded(PickleBuilder().text(std::string("a\xc3\xbf\0\n", 5)))) == wanted);
  CHECK(bytes_of(encoded(PickleBuilder().raw("Va\xff\\u0000\\u000a\n"))) == wanted);
  Options legacy;
  legacy.arguments.legacy_strings = LegacyStrings::bytes;
  CHECK(bytes_of(PickleBuilder().raw("S'a\\xff\\x00\\n'\n"), legacy) == wanted);
  CHECK(bytes_of(PickleBuilder().global("builtins", "bytearray").raw(encoded(PickleBuilder().text("ab")).string())
                     .op(Opcode::tuple1).reduce()) == "ab");
  CHECK(bytes_of(encoded(PickleBuilder().text("ab"), "utf-7")) == "none");
  CHECK(bytes_of(PickleBuilder().integer(1)) == "none");
}

TEST_CASE("long byte strings are decoded from the source") {
  Options options;
  options.arguments.kept_bytes = 3;
  options.arguments.kept_text = 3;
  CHECK(bytes_of(PickleBuilder().bytes("abcdef"), options) == "abcdef");
  CHECK(bytes_of(PickleBuilder().text("abc\xc3\xbf"), options) == "abc\xff");
  CHECK(bytes_of(PickleBuilder().raw("Vab\\u00ffcd\n"), options) == "ab\xff""cd");
  CHECK(bytes_of(PickleBuilder().raw("S'ab\\x7fcd'\n"), options) == "ab\x7f""cd");
}

TEST_CASE("what is no byte string or too long is an error") {
  Options options;
  options.arguments.kept_text = 1;
  CHECK_THROWS_WITH(bytes_of(PickleBuilder().text("\xe2\x82\xac"), options),
                    "byte string: holds characters that are no bytes");
  const auto source = PickleBuilder().bytes(std::string(70'000, 'x')).stop().source();
  const auto program = run(source, 0);
  const auto ref = find_bytes(program.graph, program.root);
  REQUIRE(ref);
  CHECK_THROWS_WITH(read_bytes(program.graph, source, *ref, 100),
                    "byte string: is 70000 bytes long; at most 100 are read");
}
