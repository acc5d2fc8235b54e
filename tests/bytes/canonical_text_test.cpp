// SPDX-License-Identifier: Apache-2.0
#include "bytes/canonical_text.hpp"

#include "support/catch.hpp"

using upinspect::bytes::decomposed;

TEST_CASE("text is decomposed as Unicode's NFD has it") {
  CHECK(decomposed("plain") == "plain");
  CHECK(decomposed("\u00e9") == "e\u0301");
  CHECK(decomposed("\u1ed7") == "o\u0302\u0303");             // through o with circumflex
  CHECK(decomposed("\u212b") == "A\u030a");                   // the angstrom sign is a letter
  CHECK(decomposed("\u212a") == "K");
  CHECK(decomposed("\ud55c\uae00") == "\u1112\u1161\u11ab\u1100\u1173\u11af");
  CHECK(decomposed("\U0001109a") == "\U00011099\U000110ba");
}

TEST_CASE("marks of different classes are brought in order, those of one class stay as they are") {
  CHECK(decomposed("a\u0301\u0323") == "a\u0323\u0301");
  CHECK(decomposed("a\u0301\u0300") == "a\u0301\u0300");
  CHECK(decomposed("\u1e69") == decomposed("s\u0307\u0323"));
}

TEST_CASE("what is no UTF-8, and CJK compatibility ideographs, stay as they are") {
  CHECK(decomposed("\xc3\xa9\xff") == "\xc3\xa9\xff");
  CHECK(decomposed("\uf900") == "\uf900");
}
