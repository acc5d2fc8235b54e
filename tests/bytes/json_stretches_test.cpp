// SPDX-License-Identifier: Apache-2.0
// JSON read from a source in stretches is what it is in one piece.
#include "bytes/json_reader.hpp"
#include "bytes/limit_reached.hpp"
#include "support/catch.hpp"

#include <random>
#include <span>
#include <string>
#include <vector>

using namespace upinspect;
using bytes::JsonReader;

namespace {

constexpr std::string_view k_texts[] = {
    R"({"__metadata__":{"format":"pt","\u00e9\ud83d\ude00":"a\\b\"c"},"a.b":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}   )",
    R"( [1, -0.5e+10, 18446744073709551615, 1e308, true, false, null, "\t\u0041", [], {}, [[[{"x": [0]}]]]] )",
    "{\"\xc3\xa9\": \"\xf0\x9f\x98\x80\", \"k\": 12345678901234567890123456789}",
    R"("only a string")",
    "[0.000000000000000000000000000000000000000001]",
};

std::string outcome(JsonReader& reader) {
  try {
    const auto value = reader.value();
    reader.expect_end();
    return "taken";
  } catch (const bytes::ParseError& error) {
    return std::to_string(error.offset()) + ": " + error.what() + (error.truncated ? " (cut)" : "");
  }
}

Value tree(JsonReader& reader) { return reader.value(); }

bytes::MemorySource source_of(const std::string& text) { return bytes::MemorySource(std::as_bytes(std::span(text))); }

}  // namespace

TEST_CASE("JSON in stretches of any length is the same tree") {
  for (const auto text : k_texts) {
    const std::string held = "before" + std::string(text) + "after";
    const auto source = source_of(held);
    JsonReader whole(text, 6, "text");
    const auto wanted = tree(whole);
    for (std::size_t stretch = 1; stretch < text.size() + 2; ++stretch) {
      JsonReader reader(source, ByteRange{6, text.size()}, "text", stretch);
      CHECK(tree(reader) == wanted);
      reader.expect_end();
      CHECK(reader.offset() == 6 + text.size());
    }
  }
}

TEST_CASE("JSON in stretches is refused at the same place for the same reason") {
  std::mt19937 random(7);
  constexpr std::string_view k_odd = "{}[],:\"\\u0d8eE+-.1 \n\x01\xff";
  for (int i = 0; i < 20000; ++i) {
    std::string text(k_texts[random() % std::size(k_texts)]);
    const auto at = random() % text.size();
    switch (random() % 3) {
      case 0: text[at] = k_odd[random() % k_odd.size()]; break;
      case 1: text.erase(at, 1 + random() % 3); break;
      default: text.resize(at); break;
    }
    JsonReader whole(text, 0, "text");
    const auto source = source_of(text);
    JsonReader streamed(source, ByteRange{0, text.size()}, "text", 1 + random() % 9);
    const auto wanted = outcome(whole);
    if (outcome(streamed) != wanted) {
      FAIL("of " << text << ": " << wanted);
    }
  }
}

TEST_CASE("a string that is not kept is passed over all the same") {
  const std::string text = R"(["abc\u0041def", "xy", 7])";
  const auto source = source_of(text);
  JsonReader reader(source, ByteRange{0, text.size()}, "text", 3);
  reader.enter_array();
  std::string out;
  REQUIRE(reader.next_element());
  CHECK_FALSE(reader.string_up_to(out, 4));
  CHECK(out.size() <= 4);
  REQUIRE(reader.next_element());
  CHECK(reader.string_up_to(out, 2));
  CHECK(out == "xy");
  REQUIRE(reader.next_element());
  CHECK(reader.unsigned_integer() == 7);
  CHECK_FALSE(reader.next_element());
}

TEST_CASE("strings, keys and numbers that are too long for the memory allowed are a limit, not an error of the text") {
  const std::string long_text = "[\"" + std::string(100, 'x') + "\"]";
  JsonReader strings(long_text, 0, "text");
  strings.limit_strings(99);
  CHECK_THROWS_AS(strings.value(), bytes::LimitReached);
  const std::string digits = "[0." + std::string(3'000'000, '0') + "1]";
  const auto source = source_of(digits);
  JsonReader numbers(source, ByteRange{0, digits.size()}, "text");
  CHECK_THROWS_AS(numbers.value(), bytes::LimitReached);
  JsonReader whole(digits, 0, "text");
  CHECK_NOTHROW(whole.value());
}

TEST_CASE("UTF-8 is checked across the ends of stretches") {
  const std::string good = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
  for (std::size_t stretch = 1; stretch < 12; ++stretch) {
    CHECK_NOTHROW(bytes::require_utf8(source_of(good), ByteRange{0, good.size()}, "text", stretch));
    for (std::size_t cut = 1; cut < good.size(); ++cut) {
      for (const auto& bad : {good.substr(0, cut), good.substr(cut), good.substr(0, cut) + "\x80" + good.substr(cut)}) {
        const auto wanted = bytes::find_invalid_utf8(bad);
        if (wanted == std::string::npos) {
          CHECK_NOTHROW(bytes::require_utf8(source_of(bad), ByteRange{0, bad.size()}, "text", stretch));
          continue;
        }
        try {
          bytes::require_utf8(source_of(bad), ByteRange{0, bad.size()}, "text", stretch);
          FAIL("taken: " << bad);
        } catch (const bytes::ParseError& error) {
          CHECK(error.offset() == wanted);
        }
      }
    }
  }
}
