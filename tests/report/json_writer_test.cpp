// SPDX-License-Identifier: Apache-2.0
#include "report/json_writer.hpp"

#include "report/json_value.hpp"
#include "support/catch.hpp"
#include "upinspect/value.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

using upinspect::Value;
using namespace upinspect::report;

namespace {

std::string written(JsonLayout layout, const std::function<void(JsonWriter&)>& write) {
  std::string text;
  JsonWriter out([&text](std::string_view piece) { text += piece; }, layout);
  write(out);
  out.flush();
  return text;
}

template <class T>
std::string one(T value) {
  return written(JsonLayout::compact, [value](JsonWriter& out) { out.value(value); });
}

std::string member(const Value& value) {
  return written(JsonLayout::compact, [&value](JsonWriter& out) {
    out.begin_object();
    write_value(out, "v", value);
    out.end();
  });
}

void nested(JsonWriter& out) {
  out.begin_object();
  out.member("size", 3);
  out.key("shape");
  out.begin_array(JsonScope::row);
  out.value(8);
  out.value(4);
  out.end();
  out.key("list");
  out.begin_array();
  out.begin_object(JsonScope::row);
  out.member("bit", 0);
  out.key("inner");
  out.begin_array();
  out.value(true);
  out.end();
  out.end();
  out.end();
  out.key("none");
  out.begin_array();
  out.end();
  out.key("empty");
  out.begin_object();
  out.end();
  out.end();
}

}  // namespace

TEST_CASE("compact JSON has no white space") {
  CHECK(written(JsonLayout::compact, nested) ==
        R"({"size":3,"shape":[8,4],"list":[{"bit":0,"inner":[true]}],"none":[],"empty":{}})");
}

TEST_CASE("pretty JSON indents by two and keeps rows on their line") {
  CHECK(written(JsonLayout::pretty, nested) == R"({
  "size": 3,
  "shape": [8, 4],
  "list": [
    {"bit": 0, "inner": [true]}
  ],
  "none": [],
  "empty": {}
})");
}

TEST_CASE("every depth is indented by two for each level") {
  constexpr std::size_t k_depth = 40;
  const auto text = written(JsonLayout::pretty, [](JsonWriter& out) {
    for (std::size_t level = 0; level < k_depth; ++level) {
      out.begin_array();
      out.value(7);
    }
    for (std::size_t level = 0; level < k_depth; ++level) {
      out.end();
    }
  });
  std::string wanted = "[";
  for (std::size_t level = 1; level < k_depth; ++level) {
    const auto line = "\n" + std::string(2 * level, ' ');
    wanted += line + "7," + line + "[";
  }
  wanted += "\n" + std::string(2 * k_depth, ' ') + "7";
  for (std::size_t level = k_depth; level > 0; --level) {
    wanted += "\n" + std::string(2 * level - 2, ' ') + "]";
  }
  CHECK(text == wanted);
}

TEST_CASE("texts of every length come through, plain or escaped") {
  static constexpr std::array<std::size_t, 16> k_lengths{0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 63, 4095, 4096, 4097, 70'000};
  const auto text = written(JsonLayout::compact, [](JsonWriter& out) {
    out.begin_array();
    for (const auto length : k_lengths) {
      out.value(std::string(length, 'a'));
      out.value(std::string(length, 'a') + "\"");
      out.value("\"" + std::string(length, 'a'));
    }
    out.end();
  });
  std::string wanted = "[";
  for (const auto length : k_lengths) {
    const std::string run(length, 'a');
    wanted += "\"" + run + "\",\"" + run + "\\\"\",\"\\\"" + run + "\",";
  }
  wanted.back() = ']';
  CHECK(text == wanted);
}

TEST_CASE("integers of 64 bits stay integers") {
  CHECK(one(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(one(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(one(std::uint8_t{7}) == "7");
  CHECK(one(true) == "true");
  CHECK(one(nullptr) == "null");
}

TEST_CASE("doubles are as short as reads back, and never look like integers") {
  CHECK(one(0.1) == "0.1");
  CHECK(one(1.0) == "1.0");
  CHECK(one(-0.0) == "-0.0");
  CHECK(one(1e300) == "1e+300");
  CHECK(one(-1.1e-07) == "-1.1e-07");
  CHECK(one(5e-324) == "5e-324");
  CHECK(one(123456789012345680.0) == "123456789012345680.0");
  CHECK(one(static_cast<double>(0.1F)) == "0.10000000149011612");
}

TEST_CASE("what JSON has no number for is a string") {
  CHECK(one(std::nan("")) == R"("nan")");
  CHECK(one(HUGE_VAL) == R"("inf")");
  CHECK(one(-HUGE_VAL) == R"("-inf")");
}

TEST_CASE("text from files that is no UTF-8 has its bytes beside it") {
  const auto text = written(JsonLayout::compact, [](JsonWriter& out) {
    out.begin_object();
    out.file_text("name", "a\xff");
    out.file_text("label", "sound");
    out.end();
  });
  CHECK(text == "{\"name\":\"a\xef\xbf\xbd\",\"name_hex\":\"61ff\",\"label\":\"sound\"}");
}

TEST_CASE("more text than the buffer holds comes through in order") {
  const std::string large(200'000, 'x');
  const auto text = written(JsonLayout::compact, [&large](JsonWriter& out) {
    out.begin_array();
    out.value("first");
    out.value(large);
    for (int i = 0; i < 30'000; ++i) {
      out.value(12345);
    }
    out.end();
  });
  CHECK(text.size() == 1 + 7 + 1 + 200'002 + 30'000 * 6 + 1);
  CHECK(text.starts_with("[\"first\",\"xxx"));
  CHECK(text.ends_with("12345,12345]"));
}

TEST_CASE("values keep their types and their order") {
  const Value value = Value::Object{{"z", 1}, {"a", 2.0}, {"t", true}, {"n", nullptr}, {"l", Value::Array{"x", -1}}};
  CHECK(member(value) == R"({"v":{"z":1,"a":2.0,"t":true,"n":null,"l":["x",-1]}})");
}

TEST_CASE("a repeated key of a file becomes a key of its own") {
  const Value value = Value::Object{{"a", 1}, {"a", 2}, {"a#2", 3}, {"a", 4}};
  CHECK(member(value) == R"({"v":{"a":1,"a#2":2,"a#2#2":3,"a#3":4}})");
}

TEST_CASE("keys that are no UTF-8 and break alike stay apart") {
  const Value value = Value::Object{{"\xff", 1}, {"\xfe", 2}};
  CHECK(member(value) == "{\"v\":{\"\xef\xbf\xbd\":1,\"\xef\xbf\xbd_key_hex\":\"ff\","
                         "\"\xef\xbf\xbd#2\":2,\"\xef\xbf\xbd#2_key_hex\":\"fe\"}}");
}

TEST_CASE("a broken text in a value has its bytes beside it, in an array at its place") {
  CHECK(member(Value::Object{{"a", "\xff"}, {"a_hex", 1}}) ==
        "{\"v\":{\"a\":\"\xef\xbf\xbd\",\"a_hex#2\":\"ff\",\"a_hex\":1}}");
  CHECK(member(Value::Object{{"a", Value::Array{"x", "\xff", Value::Array{"\xfe"}}}}) ==
        "{\"v\":{\"a\":[\"x\",\"\xef\xbf\xbd\",[\"\xef\xbf\xbd\"]],\"a_hex\":[null,\"ff\",[\"fe\"]]}}");
}

TEST_CASE("a value nested beyond reason ends in words") {
  Value value = 1;
  for (int i = 0; i < 400; ++i) {
    value = Value::Array{std::move(value)};
  }
  const auto text = member(Value::Object{{"deep", std::move(value)}});
  CHECK(text.find("nested too deeply to be shown") != std::string::npos);
  CHECK(text.size() < 1000);
}

TEST_CASE("a hundred thousand copies of one key take no time to tell apart") {
  Value::Object object;
  for (int i = 0; i < 100'000; ++i) {
    object.emplace_back("k", i);
  }
  CHECK(member(object).ends_with("\"k#100000\":99999}}"));
}
