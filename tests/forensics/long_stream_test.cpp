// SPDX-License-Identifier: Apache-2.0
#include "forensics/long_stream.hpp"

#include "forensics/field_packer.hpp"
#include "forensics/text_filter.hpp"
#include "forensics/text_rating.hpp"
#include "support/catch.hpp"
#include "support/noise.hpp"
#include "support/text_bytes.hpp"

#include <zlib.h>

#include <cmath>
#include <string>

using namespace upinspect;
using namespace upinspect::forensics;

namespace {

std::string text_of(std::span<const std::byte> bytes) {
  std::string text;
  for (const auto byte : bytes) {
    text += std::to_integer<char>(byte);
  }
  return text;
}

std::vector<std::byte> letters_of_noise(std::size_t count, unsigned seed) {
  auto letters = test::noise(count, seed);
  for (auto& letter : letters) {
    letter &= std::byte{0x7f};
  }
  return letters;
}

/// Writes the bits of `content`, highest first, into the lowest bits of bytes from `start` on, every `stride`.
void hide(std::vector<std::byte>& elements, std::span<const std::byte> content, std::size_t start, std::size_t stride = 1) {
  for (std::size_t bit = 0; bit < content.size() * 8; ++bit) {
    auto& element = elements[start + bit * stride];
    element = (element & std::byte{0xfe}) | (content[bit / 8] >> (7 - bit % 8) & std::byte{1});
  }
}

std::vector<std::byte> compressed(std::string_view text) {
  std::vector<unsigned char> out(compressBound(static_cast<uLong>(text.size())));
  auto size = static_cast<uLongf>(out.size());
  const std::vector<unsigned char> in(text.begin(), text.end());
  REQUIRE(compress(out.data(), &size, in.data(), static_cast<uLong>(in.size())) == Z_OK);
  std::vector<std::byte> result;
  for (uLongf i = 0; i < size; ++i) {
    result.push_back(static_cast<std::byte>(out[i]));
  }
  return result;
}

constexpr std::string_view k_plain_sentence = "The calibration was overridden by hand, and nobody wrote it down anywhere.\n";

}  // namespace

TEST_CASE("Characters of seven bits are those that the bits make one by one") {
  const auto stream = test::noise(203, 5);
  for (const auto order : {BitOrder::msb, BitOrder::lsb}) {
    for (unsigned shift = 0; shift < 8; ++shift) {
      std::vector<std::byte> plain;
      for (std::size_t at = shift; at + 7 <= stream.size() * 8; at += 7) {
        unsigned letter = 0;
        for (std::size_t i = at; i < at + 7; ++i) {
          const auto bit = std::to_integer<unsigned>(stream[i / 8]) >> (order == BitOrder::msb ? 7 - i % 8 : i % 8) & 1U;
          letter |= order == BitOrder::msb ? bit << (6 - (i - at)) : bit << (i - at);
        }
        plain.push_back(static_cast<std::byte>(letter));
      }
      CHECK(sevens(stream, order, shift) == plain);
    }
  }
}

TEST_CASE("The filter lets everything pass that the rating finds") {
  std::size_t passed = 0;
  std::size_t found = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    const auto letters = letters_of_noise(600, seed);
    const auto least = 7 + seed % 3;   // the rating says no more of what gains less than ln(600)
    const auto score = std::log(600.0) - best_text(letters, 7, 1).log_p;
    const bool passes = may_hold_text(letters, least);
    CHECK((passes || score < least || best_text(letters, 7, 1).length == 0));
    passed += passes ? 1U : 0U;
    found += score >= least ? 1U : 0U;
  }
  CHECK(found > 3);
  CHECK(passed < 500);
}

TEST_CASE("The filter turns noise away and takes runs and sentences") {
  auto letters = letters_of_noise(50'000, 8);
  CHECK_FALSE(may_hold_text(letters, 23));
  for (const std::string_view text : {k_plain_sentence, std::string_view("0123456789abcdef0123"), std::string_view("QmFzZTY0IG9mIHNvbWV0aGluZyB0aGF0IG5vYm9keSByZWFkcw==")}) {
    auto with = letters;
    std::copy_n(test::text_bytes(text).begin(), text.size(), with.begin() + 31'001);
    CHECK(may_hold_text(with, 23));
  }
}

TEST_CASE("A part of a stream is what the whole stream has there") {
  const auto content = test::noise(4 * 777, 6);
  const ElementRun run{content, 4};
  for (const unsigned bits : {1U, 3U, 8U, 20U}) {
    for (const auto order : {BitOrder::msb, BitOrder::lsb}) {
      for (const bool reversed : {false, true}) {
        const Field field{bits, 2, BitOrder::msb, order, 3, 1, reversed};
        const auto whole = read_field(run, field);
        for (const unsigned from : {0U, 1U, 21U, 64U}) {
          auto expected = shifted(std::span(whole).subspan(from / 8), order, from % 8);
          expected.resize(9);
          CHECK(read_characters(run, field, 8, from, 9) == expected);
          auto letters = sevens(std::span(whole).subspan(from / 8), order, from % 8);
          letters.resize(9);
          CHECK(read_characters(run, field, 7, from, 9) == letters);
        }
      }
    }
  }
  CHECK(read_characters(run, Field{}, 8, 777, 9).empty());
  CHECK(read_characters(run, Field{}, 8, 770, 9).size() <= 1);
}

TEST_CASE("A long stream gives up what a change wrote into it, to the letter") {
  auto elements = test::noise(400'000, 9);
  hide(elements, test::text_bytes(k_plain_sentence), 123'457);
  const LongStream stream{{elements, 1}, Field{}, 8, 6, -20};
  const TouchedBits touched{123'458, 123'457 + 8 * k_plain_sentence.size() - 2};
  const auto finds = rate_long_stream(stream, touched);
  REQUIRE(finds.size() == 1);
  const auto& [bit, bytes, found] = finds.front();
  CHECK(found.kind == "text");
  CHECK(text_of(std::span(bytes).subspan(found.content_offset, found.content_length)) == k_plain_sentence);
  CHECK(bit + found.offset * 8 == 123'457);
  CHECK(found.log_p < -60);
}

TEST_CASE("A text that fills many windows is one find from its first letter to its last") {
  std::string text;
  for (unsigned i = 0; text.size() < 90'000; ++i) {
    text += std::to_string(i) + " bottles stand on the wall of the old mill\n";
  }
  auto elements = test::noise(1'200'000, 10);
  hide(elements, test::text_bytes(text), 200'003);
  const auto finds = rate_long_stream({{elements, 1}, Field{}, 8, 6, -20}, TouchedBits{200'003, 200'002 + 8 * text.size()});
  REQUIRE(finds.size() == 1);
  const auto& found = finds.front().found;
  CHECK(text_of(std::span(finds.front().bytes).subspan(found.content_offset, found.content_length)) == text);
}

TEST_CASE("Files and letters of seven bits are found in a long stream at any bit") {
  auto elements = test::noise(300'000, 12);
  const auto file = compressed(std::string(k_plain_sentence) + std::string(3000, 'x') + std::string(k_plain_sentence));
  hide(elements, file, 77'777);
  const auto files = rate_long_stream({{elements, 1}, Field{}, 8, 6, -20}, std::nullopt);
  REQUIRE(files.size() == 1);
  CHECK(files.front().found.kind == "zlib");
  CHECK(files.front().found.length == file.size());

  elements = test::noise(300'000, 13);
  for (std::size_t bit = 0; bit < k_plain_sentence.size() * 7; ++bit) {
    const auto set = static_cast<unsigned>(k_plain_sentence[bit / 7]) >> (6 - bit % 7) & 1U;
    elements[100'001 + bit] = (elements[100'001 + bit] & std::byte{0xfe}) | static_cast<std::byte>(set);
  }
  const auto letters = rate_long_stream({{elements, 1}, Field{}, 7, 6, -20}, TouchedBits{100'001, 100'000 + 7 * k_plain_sentence.size()});
  REQUIRE(letters.size() == 1);
  CHECK(text_of(std::span(letters.front().bytes).subspan(letters.front().found.content_offset, letters.front().found.content_length)) == k_plain_sentence);
}

TEST_CASE("Noise holds nothing, and what a change did not touch is not its message") {
  auto elements = test::noise(300'000, 14);
  CHECK(rate_long_stream({{elements, 1}, Field{}, 8, 6, -20}, TouchedBits{0, 299'999}).empty());
  CHECK(rate_long_stream({{elements, 1}, Field{}, 7, 6, -20}, TouchedBits{0, 299'999}).empty());
  hide(elements, test::text_bytes(k_plain_sentence), 4'001);
  CHECK(rate_long_stream({{elements, 1}, Field{}, 8, 6, -20}, TouchedBits{100'000, 200'000}).empty());
}

TEST_CASE("The touched characters of a window") {
  const Field field{3, 0, BitOrder::msb, BitOrder::msb, 1, 0, false};
  const auto inside = touched_in({100, 200}, 96, 20, 8, field);
  REQUIRE(inside);
  CHECK((inside->first == 0 && inside->last == 13 && inside->last_covered == 1));
  const auto beyond = touched_in({10, 1000}, 96, 20, 8, field);
  REQUIRE(beyond);
  CHECK((beyond->first == 0 && beyond->last == 19 && beyond->last_covered == 8));
  CHECK_FALSE(touched_in({10, 90}, 96, 20, 8, field));
  CHECK_FALSE(touched_in({300, 400}, 96, 20, 8, field));
}
