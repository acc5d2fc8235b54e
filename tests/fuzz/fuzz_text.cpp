// SPDX-License-Identifier: Apache-2.0
// The readers of JSON and of Python literals on any text: they take it or refuse it at a place inside of it.
#include "bytes/json_reader.hpp"
#include "bytes/parse_error.hpp"
#include "bytes/python_literal.hpp"

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

using namespace upinspect;

namespace {

template <typename Read>
void check(std::string_view text, Read&& read) {
  try {
    read();
  } catch (const bytes::ParseError& error) {
    if (error.offset() > text.size()) {
      std::abort();
    }
  }
}

/// Read in stretches it is the same text, refused at the same place for the same reason.
void check_stretches(std::string_view text) {
  const bytes::MemorySource source(std::as_bytes(std::span(text)));
  const auto outcome = [](bytes::JsonReader& reader) -> std::string {
    try {
      reader.skip();
      reader.expect_end();
      return "taken";
    } catch (const bytes::ParseError& error) {
      return std::to_string(error.offset()) + error.what() + (error.truncated ? "!" : "");
    }
  };
  bytes::JsonReader whole(text, 0, "text");
  bytes::JsonReader streamed(source, ByteRange{0, source.size()}, "text", 1 + text.size() % 7);
  if (outcome(whole) != outcome(streamed)) {
    std::abort();
  }
}

/// Skipping passes over what reading as a tree takes.
void check_skip(std::string_view text) {
  (void)bytes::parse_json(text, 0, "text");
  try {
    bytes::JsonReader reader(text, 0, "text");
    reader.skip();
    reader.expect_end();
  } catch (const bytes::ParseError&) {
    std::abort();
  }
}

void check_python(std::string_view text, bytes::PythonRules rules) {
  const auto value = bytes::parse_python_literal(text, 0, "text", rules);
  if (value.offset > value.end || value.end > text.size()) {
    std::abort();
  }
  (void)bytes::compact_python(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, [&] { check_skip(text); });
  check_stretches(text);
  check(text, [&] { check_python(text, {}); });
  check(text, [&] { check_python(text, {bytes::PythonText::latin1, true}); });
  return 0;
}
