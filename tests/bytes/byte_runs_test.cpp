// SPDX-License-Identifier: Apache-2.0
#include "bytes/byte_runs.hpp"
#include "bytes/canonical_text.hpp"
#include "bytes/json_reader.hpp"
#include "support/catch.hpp"

#include <string>

using namespace upinspect;

TEST_CASE("A run of a JSON string ends at the first byte that ends it, whichever stands where") {
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (std::size_t place = 0; place < 19; ++place) {
      std::string text(19, 'n');
      text[place] = static_cast<char>(byte);
      const bool ends = byte < 0x20 || byte == '"' || byte == '\\';
      CHECK(bytes::json_string_run(text) == (ends ? place : text.size()));
      CHECK(bytes::json_string_run(text + '"') == (ends ? place : text.size()));
    }
  }
}

TEST_CASE("Bytes beyond ASCII are seen wherever they stand") {
  for (std::size_t place = 0; place < 19; ++place) {
    std::string text(19, 'n');
    CHECK(bytes::is_ascii(text));
    text[place] = '\x80';
    CHECK_FALSE(bytes::is_ascii(text));
    CHECK(bytes::find_invalid_utf8(text) == place);
    text.replace(place, 1, "\xc3\xa9");
    CHECK(bytes::find_invalid_utf8(text) == std::string::npos);
  }
}
