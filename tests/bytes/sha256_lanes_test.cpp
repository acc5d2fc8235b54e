// SPDX-License-Identifier: Apache-2.0
#include "bytes/sha256_lanes.hpp"

#include "bytes/digest.hpp"
#include "support/catch.hpp"

#include <random>

using namespace upinspect::bytes;

TEST_CASE("Several digests at a time are those of libcrypto") {
  std::mt19937 random(4);
  std::vector<std::byte> data(300000);
  for (auto& byte : data) {
    byte = static_cast<std::byte>(random());
  }
  const auto held_against_libcrypto = [&](const std::vector<std::span<const std::byte>>& inputs) {
    const auto digests = sha256_of_each(inputs);
    REQUIRE(digests.size() == inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      CAPTURE(i, inputs[i].size());
      CHECK(digests[i] == sha256_hex(inputs[i]));
    }
  };
  held_against_libcrypto({});
  for (std::size_t size = 0; size < 200; ++size) {  // every way in which the end can fall into its blocks
    held_against_libcrypto({std::span(data).first(size), std::span(data).subspan(1, 200 - size), std::span(data).subspan(3, size / 2)});
    held_against_libcrypto({std::span(data).subspan(7, size)});
  }
  for (int round = 0; round < 200; ++round) {
    std::vector<std::span<const std::byte>> inputs(random() % 8);
    for (auto& input : inputs) {
      const auto begin = random() % 1000;
      input = std::span(data).subspan(begin, random() % (random() % 20 == 0 ? data.size() - begin : 700));
    }
    held_against_libcrypto(inputs);
  }
}

TEST_CASE("The digests of the standard's examples") {
  const auto bytes_of = [](std::string_view text) { return std::as_bytes(std::span(text)); };
  const std::vector inputs{bytes_of("abc"), bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), bytes_of("")};
  CHECK(sha256_of_each(inputs) ==
        std::vector<std::string>{"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
                                 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"});
}
