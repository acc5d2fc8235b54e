// SPDX-License-Identifier: Apache-2.0
#include "bytes/inflate.hpp"

#include "bytes/parse_error.hpp"
#include "support/catch.hpp"
#include "support/deflate.hpp"

#include <algorithm>
#include <string>
#include <string_view>

using namespace upinspect;
using namespace upinspect::bytes;
using test::deflated;

namespace {

std::span<const std::byte> deflated_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> data) {
  std::string out;
  for (const auto byte : data) {
    out.push_back(static_cast<char>(byte));
  }
  return out;
}

std::string sample(std::size_t size) {
  std::string out;
  for (unsigned state = 1; out.size() < size; state = state * 1664525U + 1013904223U) {
    out.append((state >> 28U) + 1, static_cast<char>(state >> 20U));
  }
  out.resize(size);
  return out;
}

std::string unpacked_text(const std::string& packed, std::uint64_t cap, std::optional<std::uint64_t> declared = {}) {
  const MemorySource source(deflated_bytes(packed));
  return text_of(unpack(source, {0, packed.size()}, cap, declared).data);
}

struct Refusal {
  std::uint64_t offset = 0;
  std::string text;
  bool truncated = false;
};

Refusal refusal(const std::string& packed, std::uint64_t cap, std::optional<std::uint64_t> declared = {}) {
  try {
    (void)unpacked_text(packed, cap, declared);
  } catch (const ParseError& error) {
    return {error.offset(), error.what(), error.truncated};
  }
  return {};
}

}  // namespace

TEST_CASE("inflate gives back what was packed, however it is cut", "[inflate]") {
  const auto plain = sample(300'000);
  for (const int level : {0, 1, 9}) {
    const auto packed = deflated(plain, level);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, packed.size()}) {
      Inflater inflater;
      std::string out;
      for (std::size_t at = 0; at < packed.size(); at += step) {
        CHECK(inflater.state() == InflateState::needs_more);
        inflater.push(deflated_bytes(packed).subspan(at, std::min(step, packed.size() - at)),
                      [&out](std::span<const std::byte> block) { out += text_of(block); });
      }
      CHECK(inflater.state() == InflateState::finished);
      CHECK(inflater.consumed() == packed.size());
      CHECK(inflater.produced() == plain.size());
      CHECK((out == plain));
    }
  }
}

TEST_CASE("inflate leaves what follows the stream", "[inflate]") {
  const auto packed = deflated("hello");
  const auto with_tail = packed + "tail";
  Inflater inflater;
  CHECK(inflater.push(deflated_bytes(with_tail), [](std::span<const std::byte>) {}) == InflateState::finished);
  CHECK(inflater.consumed() == packed.size());
  CHECK(inflater.push(deflated_bytes("more"), [](std::span<const std::byte>) { FAIL("the stream has ended"); }) ==
        InflateState::finished);
  CHECK(inflater.consumed() == packed.size());

  const MemorySource source(deflated_bytes(with_tail));
  const auto unpacked = unpack(source, {0, with_tail.size()}, 100);
  CHECK(text_of(unpacked.data) == "hello");
  CHECK(unpacked.trailing == ByteRange{packed.size(), 4});
}

TEST_CASE("unpack reads at an offset of the source", "[inflate]") {
  const auto packed = deflated("hello");
  const auto file = "head" + packed + "tail";
  const MemorySource source(deflated_bytes(file));
  const auto unpacked = unpack(source, {4, packed.size()}, 100, 5);
  CHECK(text_of(unpacked.data) == "hello");
  CHECK(unpacked.trailing == ByteRange{4 + packed.size(), 0});
}

TEST_CASE("unpack takes an empty stream", "[inflate]") { CHECK(unpacked_text(deflated(""), 0, 0).empty()); }

TEST_CASE("unpack stops at the cap", "[inflate]") {
  const auto bomb = deflated(std::string(5'000'000, 'x'));
  CHECK(refusal(bomb, 1000).text == "compressed data: unpacks to more than 1000 bytes, the most that is read");
  CHECK(refusal(bomb, 10'000'000, 1000).text ==
        "compressed data: unpacks to more than 1000 bytes, the size that its header declares");
  CHECK(unpacked_text(bomb, 5'000'000).size() == 5'000'000);

  std::uint64_t seen = 0;
  const MemorySource source(deflated_bytes(bomb));
  const auto end = unpack_to(source, {0, bomb.size()}, 70'000, [&seen](auto block) { seen += block.size(); });
  CHECK(end.state == InflateState::capped);
  CHECK(end.produced == 70'000);
  CHECK(seen == 70'000);
}

TEST_CASE("unpack refuses sizes that deflate cannot hold before it reads", "[inflate]") {
  CHECK_FALSE(impossible_ratio(10, 10'320));
  CHECK(impossible_ratio(10, 11'352));
  CHECK(impossible_ratio(0, 1'032));
  CHECK(refusal(deflated("hello"), UINT64_MAX, UINT64_MAX).text ==
        "compressed data: is said to unpack to 18446744073709551615 bytes; 7 bytes of deflate hold at most 1032 times "
        "their size");
  CHECK(refusal(deflated("hello"), 100, 200).text == "compressed data: unpacks to 200 bytes; at most 100 are read");
}

TEST_CASE("unpack tells when the header's size is not the data's", "[inflate]") {
  CHECK(refusal(deflated("hello"), 100, 6).text == "compressed data: unpacks to 5 bytes, its header declares 6");
  CHECK(refusal(deflated("hello"), 100, 4).text ==
        "compressed data: unpacks to more than 4 bytes, the size that its header declares");
}

TEST_CASE("every cut of a stream is a truncation at its end", "[inflate]") {
  const auto packed = deflated("a short sentence, a short sentence");
  for (std::size_t length = 0; length < packed.size(); ++length) {
    const auto got = refusal(packed.substr(0, length), 1000);
    CHECK(got.truncated);
    CHECK(got.offset == length);
    CHECK(got.text.find("ends in the middle of the deflate stream") != std::string::npos);
  }
}

TEST_CASE("a damaged stream names the place and zlib's reason", "[inflate]") {
  const std::string packed = "\x07junk";  // The third block type of deflate does not exist.
  const auto got = refusal(packed, 1000);
  CHECK(got.text == "compressed data: is no deflate stream: invalid block type, after 0 unpacked bytes");
  CHECK(got.offset <= packed.size());
  CHECK_FALSE(got.truncated);
}

TEST_CASE("every flipped byte either unpacks or is refused", "[inflate]") {
  const auto packed = deflated(sample(2000));
  for (std::size_t at = 0; at < packed.size(); ++at) {
    auto flipped = packed;
    flipped[at] = static_cast<char>(~flipped[at]);
    const auto got = refusal(flipped, 100'000);
    CHECK(got.offset <= flipped.size());
  }
}

TEST_CASE("unpack wants its range inside the source", "[inflate]") {
  const MemorySource source(deflated_bytes("abc"));
  CHECK_THROWS_WITH(unpack(source, {2, 2}, 10), "compressed data: lies outside of the 3 bytes there are");
}
