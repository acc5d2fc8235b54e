// SPDX-License-Identifier: Apache-2.0
#include "report/width.hpp"

#include "report/wrap.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace upinspect::report;
using Lines = std::vector<std::string>;

TEST_CASE("display width counts columns, not bytes") {
  CHECK(display_width("") == 0);
  CHECK(display_width("abc") == 3);
  CHECK(display_width("Größe") == 5);
  CHECK(display_width("重み") == 4);
  CHECK(display_width("ｗｉｄｅ") == 8);
  CHECK(display_width("e\xcc\x81") == 1);
  CHECK(display_width("\xf0\x9f\x99\x82") == 2);
  CHECK(display_width("한글") == 4);
  CHECK(display_width("…") == 1);
  CHECK(display_width("█░") == 2);
}

TEST_CASE("cutting keeps letters whole and marks with their letter") {
  CHECK(fit_front("abcdef", 3) == "abc");
  CHECK(fit_front("重み", 3) == "重");
  CHECK(fit_front("e\xcc\x81x", 1) == "e\xcc\x81");
  CHECK(fit_back("abcdef", 2) == "ef");
  CHECK(fit_back("重み", 3) == "み");
  CHECK(fit_back("abe\xcc\x81", 1) == "e\xcc\x81");
  CHECK(fit_back("abc", 0).empty());
}

TEST_CASE("the middle gives way") {
  CHECK(elide_middle("abcdefghij", 10, "…") == "abcdefghij");
  CHECK(elide_middle("abcdefghij", 7, "…") == "abc…hij");
  CHECK(elide_middle("abcdefghij", 8, "...") == "abc...ij");
  CHECK(elide_middle("abcdefghij", 1, "…") == "…");
  CHECK(display_width(elide_middle("重み重み重み", 6, "…")) <= 6);
}

TEST_CASE("the end gives way") {
  CHECK(elide_end("abcdef", 6, "…") == "abcdef");
  CHECK(elide_end("abcdef", 4, "…") == "abc…");
}

TEST_CASE("padding is by columns") {
  CHECK(pad_right("重", 4) == "重  ");
  CHECK(pad_left("重", 4) == "  重");
  CHECK(pad_left("longer", 3) == "longer");
}

TEST_CASE("wrapping breaks at spaces") {
  CHECK(wrap("", 10) == Lines{""});
  CHECK(wrap("one two three", 20) == Lines{"one two three"});
  CHECK(wrap("one two three", 7) == Lines{"one two", "three"});
  CHECK(wrap("one two three", 8) == Lines{"one two", "three"});
  CHECK(wrap("one two", 3) == Lines{"one", "two"});
}

TEST_CASE("a word wider than the line is broken, and wrapping always ends") {
  CHECK(wrap("abcdefgh", 3) == Lines{"abc", "def", "gh"});
  CHECK(wrap("重み", 1) == Lines{"重", "み"});
  CHECK(wrap("ab", 0) == Lines{"a", "b"});
}

TEST_CASE("the first line may be shorter") {
  CHECK(wrap("one two", 7, 3) == Lines{"one", "two"});
  CHECK(wrap("longword x", 10, 3) == Lines{"", "longword x"});
}
