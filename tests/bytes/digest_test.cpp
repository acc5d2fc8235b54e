// SPDX-License-Identifier: Apache-2.0
// Expected values come from the standards' own vectors and from `sha256sum`, `xxhsum -H2` and `crc32`.
#include "bytes/digest.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

using namespace upinspect::bytes;

namespace {

std::span<const std::byte> raw(std::string_view text) { return std::as_bytes(std::span(text)); }

std::vector<std::byte> counting(std::size_t size) {
  std::vector<std::byte> out(size);
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = static_cast<std::byte>(i * 7 + (i >> 8));
  }
  return out;
}

}  // namespace

TEST_CASE("sha256 of the vectors of FIPS 180-4", "[digest]") {
  CHECK(sha256_hex({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex(raw("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("xxh3 as xxhsum -H2 prints it", "[digest]") {
  CHECK(xxh3_128_hex({}) == "99aa06d3014798d86001c324468d497f");
  CHECK(xxh3_128_hex(raw("abc")) == "06b05ab6733a618578af5f94892f3950");
}

TEST_CASE("crc32 of the check value", "[digest]") {
  CHECK(crc32({}) == 0);
  CHECK(crc32(raw("123456789")) == 0xcbf43926U);
}

TEST_CASE("a digest does not depend on how the data is cut", "[digest]") {
  const auto data = counting(10'000);
  for (const std::size_t step : {1U, 63U, 64U, 65U, 4096U}) {
    Sha256 sha;
    Xxh3_128 xxh;
    Crc32 crc;
    for (std::size_t at = 0; at < data.size(); at += step) {
      const auto part = std::span(data).subspan(at, std::min(step, data.size() - at));
      sha.add(part);
      xxh.add(part);
      crc.add(part);
    }
    CHECK(sha.hex() == sha256_hex(data));
    CHECK(xxh.hex() == xxh3_128_hex(data));
    CHECK(crc.value() == crc32(data));
  }
}

TEST_CASE("a digest starts anew after its end", "[digest]") {
  Sha256 digest;
  digest.add(raw("junk"));
  CHECK(digest.hex() != sha256_hex(raw("abc")));
  digest.add(raw("abc"));
  CHECK(digest.hex() == sha256_hex(raw("abc")));
  CHECK(digest.hex() == sha256_hex({}));
}

TEST_CASE("hex has two lower-case digits a byte", "[digest]") {
  CHECK(to_hex(raw(std::string_view("\x00\xff\x1a", 3))) == "00ff1a");
}
