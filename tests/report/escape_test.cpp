// SPDX-License-Identifier: Apache-2.0
#include "report/escape.hpp"

#include "report/utf8.hpp"
#include "support/catch.hpp"

#include <set>
#include <string>

using upinspect::report::append_json_string;
using upinspect::report::Charset;
using upinspect::report::decode;
using upinspect::report::escape_terminal;
using upinspect::report::is_plain_json;
using upinspect::report::is_utf8;

namespace {

std::string json_text(std::string_view raw) {
  std::string out;
  append_json_string(out, raw);
  return out;
}

std::string utf8(char32_t point) {
  std::string out;
  upinspect::report::append_utf8(out, point);
  return out;
}

}  // namespace

TEST_CASE("plain text and letters of any script pass the terminal's escaper") {
  for (const std::string text : {"", "base_model.h.0.lora_A.weight", "Größe", "重み", "вес", "\xf0\x9f\x99\x82"}) {
    CHECK(escape_terminal(text) == text);
  }
}

TEST_CASE("controls are spelled as bytes, terminal sequences lose their power") {
  CHECK(escape_terminal("\x1b[31mred\x1b[0m") == "\\x1b[31mred\\x1b[0m");
  CHECK(escape_terminal(std::string("a\0b\r\n\t\x7f", 7)) == "a\\x00b\\x0d\\x0a\\x09\\x7f");
  CHECK(escape_terminal("\x1b]8;;http://x\x07link") == "\\x1b]8;;http://x\\x07link");
}

TEST_CASE("code points that deceive are spelled as code points") {
  CHECK(escape_terminal("a\xc2\x9b" "31m") == "a\\u{9b}31m");                       // CSI as a C1 control
  CHECK(escape_terminal("x\xe2\x80\xaetxt.exe") == "x\\u{202e}txt.exe");            // right-to-left override
  CHECK(escape_terminal("\xe2\x81\xa6\xe2\x81\xa9") == "\\u{2066}\\u{2069}");      // isolates
  CHECK(escape_terminal("lo\xe2\x80\x8bra") == "lo\\u{200b}ra");                    // zero-width space
  CHECK(escape_terminal("\xef\xbb\xbfname") == "\\u{feff}name");                    // byte order mark
  CHECK(escape_terminal("a\xe2\x80\xa8" "b\xe2\x80\xa9") == "a\\u{2028}b\\u{2029}");
  CHECK(escape_terminal("a\xc2\xa0" "b") == "a\\u{a0}b");                           // no-break space
  CHECK(escape_terminal("t\xf3\xa0\x81\xa1g") == "t\\u{e0061}g");                   // tag letter
  CHECK(escape_terminal("\xee\x80\x80") == "\\u{e000}");                            // private use
}

TEST_CASE("bytes that are no UTF-8 are spelled one by one") {
  CHECK(escape_terminal("a\xff\xfe") == "a\\xff\\xfe");
  CHECK(escape_terminal("\xc0\xaf") == "\\xc0\\xaf");                    // overlong slash
  CHECK(escape_terminal("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");           // overlong in three
  CHECK(escape_terminal("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // surrogate
  CHECK(escape_terminal("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // past U+10FFFF
  CHECK(escape_terminal("cut\xe2\x82") == "cut\\xe2\\x82");
}

TEST_CASE("a backslash stays readable and cannot be taken for an escape") {
  CHECK(escape_terminal("C:\\models\\a") == "C:\\models\\a");
  CHECK(escape_terminal("\\x1b") == "\\\\x1b");
  CHECK(escape_terminal("\\u{202e}") == "\\\\u{202e}");
  CHECK(escape_terminal("\\\x1b") == "\\\\\\x1b");
  CHECK(escape_terminal("\\\\") == "\\\\\\");
  CHECK(escape_terminal("end\\") == "end\\");
}

TEST_CASE("no two short texts look the same") {
  const std::string alphabet = "\\xu{}10b\x1b\xff";
  std::set<std::string> seen;
  std::size_t texts = 0;
  std::string text;
  const auto visit = [&](auto&& self, unsigned length) -> void {
    ++texts;
    seen.insert(escape_terminal(text));
    if (length == 0) {
      return;
    }
    for (const auto character : alphabet) {
      text.push_back(character);
      self(self, length - 1);
      text.pop_back();
    }
  };
  visit(visit, 4);
  CHECK(seen.size() == texts);
}

TEST_CASE("marks need a letter and do not pile up") {
  const std::string acute = "\xcc\x81";
  CHECK(escape_terminal(acute + "a") == "\\u{301}a");
  CHECK(escape_terminal("a" + acute) == "a" + acute);
  const auto pile = acute + acute + acute + acute;
  CHECK(escape_terminal("a" + pile) == "a" + pile);
  CHECK(escape_terminal("a" + pile + acute) == "a" + pile + "\\u{301}");
}

TEST_CASE("a terminal without UTF-8 gets ASCII") {
  CHECK(escape_terminal("Gr\xc3\xb6\xc3\x9f" "e", Charset::ascii) == "Gr\\u{f6}\\u{df}e");
  CHECK(escape_terminal("\xf0\x9f\x99\x82", Charset::ascii) == "\\u{1f642}");
}

TEST_CASE("what the terminal is given never holds a control, whatever comes in") {
  for (unsigned high = 0; high < 256; ++high) {
    for (unsigned low = 0; low < 256; ++low) {
      const std::string raw{static_cast<char>(high), static_cast<char>(low), '\x80'};
      const auto shown = escape_terminal(raw);
      REQUIRE(is_utf8(shown));
      for (std::size_t i = 0; i < shown.size(); i += decode(shown, i).length) {
        REQUIRE_FALSE(upinspect::report::is_deceptive(decode(shown, i).value));
      }
    }
  }
}

TEST_CASE("JSON strings escape quotes, backslashes and everything that deceives") {
  CHECK(json_text("plain") == R"("plain")");
  CHECK(json_text("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(json_text("a\nb\rc\td") == R"("a\nb\rc\td")");
  CHECK(json_text(std::string("\0\x1b\x7f", 3)) == R"("\u0000\u001b\u007f")");
  CHECK(json_text("\xc2\x9b\xe2\x80\xae\xef\xbb\xbf") == R"("\u009b\u202e\ufeff")");
  CHECK(json_text("\xf3\xa0\x81\xa1") == R"("\udb40\udc61")");
  CHECK(json_text("Größe 重み") == "\"Größe 重み\"");
}

TEST_CASE("JSON strings replace what is no UTF-8, as decoders do, and say so") {
  std::string out;
  CHECK(append_json_string(out, "sound"));
  out.clear();
  CHECK_FALSE(append_json_string(out, "a\xff" "b"));
  CHECK(out == "\"a\xef\xbf\xbd" "b\"");
  CHECK(json_text("\xe2\x82") == "\"\xef\xbf\xbd\"");                                             // one cut sequence
  CHECK(json_text("\xed\xa0\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");  // no start of anything
}

TEST_CASE("decoding is the inverse of encoding for every code point") {
  for (char32_t point = 0; point <= 0x10ffff; ++point) {
    if (point >= 0xd800 && point <= 0xdfff) {
      continue;
    }
    const auto text = utf8(point);
    const auto decoded = decode(text, 0);
    if (!decoded.valid || decoded.value != point || decoded.length != text.size()) {
      FAIL("U+" << std::hex << static_cast<unsigned>(point));
    }
  }
  SUCCEED();
}

TEST_CASE("Text is plain where JSON adds nothing but the quotes, whichever byte stands where") {
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (std::size_t place = 0; place < 17; ++place) {
      std::string text(17, 'n');
      text[place] = static_cast<char>(byte);
      text[(place + 5) % text.size()] = '~';
      std::string written;
      append_json_string(written, text);
      CHECK(is_plain_json(text) == (written == '"' + text + '"' && byte < 0x80));
    }
  }
}
