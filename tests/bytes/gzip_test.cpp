// SPDX-License-Identifier: Apache-2.0
#include "bytes/gzip.hpp"

#include "support/catch.hpp"

#include <span>
#include <string>
#include <string_view>

using namespace upinspect;
using namespace std::string_view_literals;

namespace {

// What gzip writes for "hello\n" and for nothing.
constexpr auto k_hello = "\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\xe7\x02\0\x20\x30\x3a\x36\x06\0\0\0"sv;
constexpr auto k_empty = "\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0"sv;

bytes::MemorySource source_of(std::string_view text) {
  const auto raw = std::as_bytes(std::span(text));
  return bytes::MemorySource(std::vector<std::byte>(raw.begin(), raw.end()));
}

struct Text {
  std::string text;
  std::string problem;
};

Text unpacked(const std::string& packed, std::uint64_t cap = 1000) {
  const auto source = source_of(packed);
  const auto out = bytes::unpack_gzip(source, ByteRange{0, source.size()}, cap);
  Text text{{}, out.problem};
  for (const auto byte : out.data) {
    text.text += static_cast<char>(byte);
  }
  return text;
}

}  // namespace

TEST_CASE("gzip members one after another are one content") {
  const auto twice = unpacked(std::string(k_hello) + std::string(k_empty) + std::string(k_hello) + std::string(9, '\0'));
  CHECK(twice.text == "hello\nhello\n");
  CHECK(twice.problem.empty());
}

TEST_CASE("what came out of gzip data before they broke is kept") {
  const std::string whole(k_hello);
  CHECK(unpacked(whole.substr(0, 15)).problem == "is cut short");
  CHECK(unpacked(whole.substr(0, 20)).text == "hello\n");
  CHECK(unpacked(whole.substr(0, 20)).problem == "is damaged: CRC-32: needs 4 bytes, 2 are left");
  CHECK(unpacked(whole, 3).text == "hel");
  CHECK(unpacked(whole, 3).problem == "unpacks to more than 3 bytes");
  CHECK(unpacked(whole + "more").problem == "is followed by 4 bytes that are not gzip");
  auto bent = whole;
  bent[19] ^= 1;
  CHECK(unpacked(bent).problem == "does not have the CRC-32 and size that it declares");
  CHECK(unpacked(bent).text == "hello\n");
}

TEST_CASE("a gzip header gives its file name, and says what it cannot be") {
  const auto named = source_of("\x1f\x8b\x08\x0c\0\0\0\0\0\x03\x02\0xyname.pkl\0rest"sv);
  bytes::Cursor in(named);
  CHECK(bytes::read_gzip_header(in) == "name.pkl");
  CHECK(in.remaining() == 4);
  CHECK(unpacked("\x1f\x8b\x07 and more than eighteen bytes").problem == "is damaged: magic: expected 1f 8b 08");
  CHECK(unpacked("\x1f\x8b\x08\xe0 and more than eighteen bytes").problem == "is damaged: flags: a reserved flag is set");
}

TEST_CASE("a zlib stream is unpacked behind its header") {
  const auto source = source_of("\x78\x9c\xcb\x48\xcd\xc9\xc9\xe7\x02\0\x08\x4b\x02\x1f"sv);
  const auto out = bytes::unpack_zlib(source, ByteRange{0, source.size()}, 100);
  CHECK(out.problem.empty());
  CHECK(out.data.size() == 6);
}
