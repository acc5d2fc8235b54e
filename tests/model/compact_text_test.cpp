// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "upinspect/compact_text.hpp"
#include "upinspect/hex_digest.hpp"

#include <string>
#include <utility>

using namespace upinspect;

TEST_CASE("A compact text owns what it copies and points at what is fixed") {
  std::string source = "only 3 of its 8 bytes are there";
  CompactText owned = source;
  source.assign(source.size(), 'x');
  CHECK(owned == "only 3 of its 8 bytes are there");
  const auto copy = owned;
  owned = CompactText::fixed("f32");
  CHECK(owned == "f32");
  CHECK(copy == "only 3 of its 8 bytes are there");
  const CompactText fixed_copy = owned;
  CHECK(fixed_copy.view().data() == owned.view().data());
  auto moved = std::move(owned);
  CHECK(moved.size() == 3);
  CHECK(CompactText().empty());
  CHECK(CompactText("") == CompactText());
}

TEST_CASE("A compact text joins others as a string does") {
  const CompactText name = std::string("a\0b", 3);
  CHECK("<" + name + ">" == std::string("<a\0b>", 5));
  CHECK(name.str().size() == 3);
  const std::string copy = name;
  CHECK(name == copy);
}

TEST_CASE("A digest is the text that it was made of") {
  const HexDigest<4> digest = "00ff10ab";
  REQUIRE(digest);
  CHECK(*digest == "00ff10ab");
  CHECK(digest.value_or("-") == "00ff10ab");
  CHECK(HexDigest<4>().value_or("-") == "-");
  CHECK_FALSE(HexDigest<4>("00ff10"));
  CHECK_FALSE(digest == HexDigest<4>("00ff10aa"));
  CHECK_FALSE(HexDigest<4>("00000000") == HexDigest<4>());
}
