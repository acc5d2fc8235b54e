// SPDX-License-Identifier: Apache-2.0
#include "support/gguf_reading.hpp"

#include <limits>

using namespace upinspect;
using namespace upinspect::test::gguf;
using test::GgufBuilder;

TEST_CASE("gguf: tensor names as ggml keeps them") {
  CHECK_FALSE(refuses(inspected_gguf(GgufBuilder().info(std::string(63, 'n'), {0}, 0, 0))));
  says(inspected_gguf(GgufBuilder().info(std::string(64, 'n'), {0}, 0, 0)), "error gguf.tensor-name: tensor name 0 is too long: 64 >= 64");
  says(inspected_gguf(GgufBuilder().info("", {0}, 0, 0)), "warning gguf.tensor-name: tensor 0 has an empty name");
  says(inspected_gguf(GgufBuilder().info("a", {0}, 0, 0).info("a", {0}, 0, 0)), "duplicate tensor name 'a' for tensors 0 and 1");
  says(inspected_gguf(GgufBuilder().info(std::string_view("a\0b", 3), {0}, 0, 0).info("a", {0}, 0, 0)),
       "error gguf.tensor-name: duplicate tensor name 'a' for tensors 0 and 1");
}

TEST_CASE("gguf: dimensions that ggml refuses") {
  says(inspected_gguf(GgufBuilder().info("t", {1, 1, 1, 1, 8}, 0, 0)), "error gguf.dimensions: tensor 't' has invalid number of dimensions: 5 > 4");
  says(inspected_gguf(GgufBuilder().info("t", std::vector<std::uint64_t>(65, 1), 0, 0)), "has invalid number of dimensions: 65 > 4");
  const auto negative = inspected_gguf(GgufBuilder().info("t", {static_cast<std::uint64_t>(-8)}, 0, 0));
  says(negative, "tensor 't' dimension 0 has invalid number of elements: -8 < 0");
  says(inspected_gguf(GgufBuilder().info("t", {INT64_MAX}, 24, 0)), "total number of elements is >= 9223372036854775807");
  says(inspected_gguf(GgufBuilder().info("t", {1ULL << 31, 1ULL << 32}, 0, 0)), "error tensor.shape-overflow: tensor 't' has a shape");
  says(inspected_gguf(GgufBuilder().info("t", {1ULL << 61, 2}, 28, 0)), "has a size in bytes > 18446744073709551615");
}

TEST_CASE("gguf: no dimension is a scalar, a dimension of zero an empty tensor") {
  GgufBuilder file;
  const auto artifact = inspected_gguf(file.tensor("s", {}, 0, file.real(2)).tensor("z", {0, 4}, 0, ""));
  CHECK(told_by_gguf(artifact) == "");
  CHECK(artifact.tensors.at(0).shape.empty());
  CHECK(artifact.tensors.at(0).elements == 1);
  CHECK(artifact.tensors.at(1).elements == 0);
  CHECK_FALSE(refuses(inspected_gguf(GgufBuilder().info("t", {0, 1ULL << 62, 1ULL << 62, 1ULL << 32}, 0, 0))));
}

TEST_CASE("gguf: a product that wraps to nothing is an empty tensor to ggml and a warning here") {
  for (const auto& ne : std::vector<std::vector<std::uint64_t>>{{1ULL << 32, 1ULL << 32}, {65536, 65536, 65536, 65536}}) {
    const auto artifact = inspected_gguf(GgufBuilder().info("t", ne, 0, 0));
    says(artifact, "warning tensor.shape-overflow: tensor 't': the product of its shape exceeds 2^64; ggml computes 0");
    CHECK_FALSE(refuses(artifact));
    CHECK(artifact.tensors.at(0).bytes == 0);
  }
}

TEST_CASE("gguf: types and rows that ggml refuses") {
  for (const auto type : {43, -1}) {
    says(inspected_gguf(GgufBuilder().info("t", {8}, type, 0)),
         "error gguf.tensor-type: tensor 't' has invalid ggml type " + std::to_string(type) + ", which should be in [0, 43)");
  }
  says(inspected_gguf(GgufBuilder().info("t", {8}, 4, 0)), "of type 4 (DEPRECATED, once q4_2) has 8 elements per row, not a multiple of block size (0)");
  says(inspected_gguf(GgufBuilder().info("t", {32}, 31, 0)), "of type 31 (q4_0_4_4 REMOVED");
  says(inspected_gguf(GgufBuilder().info("t", {33}, 8, 0)), "error gguf.row-size: tensor 't' of type 8 (q8_0) has 33 elements per row");
  says(inspected_gguf(GgufBuilder().info("t", {16, 2}, 2, 0)), "has 16 elements per row, not a multiple of block size (32)");
}

TEST_CASE("gguf: types that only ggml names keep their size") {
  const auto artifact = inspected_gguf(GgufBuilder().tensor("t", {128, 2}, 40, std::string(144, 'x')));
  CHECK(told_by_gguf(artifact) == "");
  CHECK(artifact.tensors.at(0).dtype_name == "nvfp4");
  CHECK(artifact.tensors.at(0).bytes == 144);
  CHECK(artifact.tensors.at(0).digests.xxh3_128.has_value());
}

TEST_CASE("gguf: offsets must follow one another") {
  GgufBuilder file;
  const auto misaligned = inspected_gguf(file.info("t", {4}, 0, 4).build() + std::string(64, '\0'));
  says(misaligned, "error gguf.offset: tensor 't' has offset 4, expected 0: not a multiple of the alignment");
  const auto hole = inspected_gguf(GgufBuilder().info("t", {4}, 0, 32).build() + std::string(64, '\0'));
  says(hole, "tensor 't' has offset 32, expected 0: leaving a hole of 32 bytes");
  const auto overlap = inspected_gguf(GgufBuilder().info("a", {8}, 0, 0).info("b", {8}, 0, 0).build() + std::string(64, '\0'));
  says(overlap, "tensor 'b' has offset 0, expected 32: inside or before the tensor that precedes it");
  says(inspected_gguf(GgufBuilder().info("a", {4}, 0, 1ULL << 63)), "tensor 'a' has offset 9223372036854775808, expected 0");
  const auto wrap = inspected_gguf(GgufBuilder().info("t", {(1ULL << 63) - 2}, 24, 0).info("u", {8}, 0, 0));
  says(wrap, "tensor 'u' has offset 0, expected 9223372036854775808");
}

TEST_CASE("gguf: one shift is one finding") {
  GgufBuilder file;
  file.info("a", {8}, 0, 32).info("b", {8}, 0, 64).info("c", {8}, 0, 96);
  const auto lines = told_by_gguf(inspected_gguf(file.build() + std::string(128, '\0')));
  CHECK(lines.find("tensor 'a' has offset") != std::string::npos);
  CHECK(lines.find("tensor 'b' has offset") == std::string::npos);
}

TEST_CASE("gguf: missing data are a warning, because ggml reads the metadata all the same") {
  auto file = adapter();
  const auto whole = file.build();
  const auto cut = inspected_gguf(whole.substr(0, whole.size() - 24));
  says(cut, "warning container.truncated: the tensors need 8 more bytes of data than the file has");
  says(cut, "warning tensor.unread: not measured: only 8 of its 16 bytes are in the file");
  CHECK_FALSE(refuses(cut));
  CHECK(cut.tensors.at(1).stats == std::nullopt);
  const auto huge = inspected_gguf(GgufBuilder().info("t", {(1ULL << 62) - 1}, 0, 0).build() + std::string(32, '\0'));
  says(huge, "only 32 of its 18446744073709551612 bytes are in the file");
}

TEST_CASE("gguf: padding that is missing or not zero is a warning") {
  const auto whole = adapter().build();
  says(inspected_gguf(whole.substr(0, whole.size() - 5)), "warning gguf.padding: the file ends before the padding of its last tensor does");
  auto file = adapter();
  file.fill = 'x';
  const auto artifact = inspected_gguf(file);
  says(artifact, "bytes of alignment padding are not all zero, from offset ");
  CHECK_FALSE(refuses(artifact));
}

TEST_CASE("gguf: what follows the last tensor is a gap") {
  const auto artifact = inspected_gguf(adapter().build() + "evil");
  says(artifact, "warning container.unlabelled-bytes: 4 bytes belong to nothing");
  CHECK_FALSE(refuses(artifact));
}

TEST_CASE("gguf: an empty big-endian file is no file of the other byte order") {
  GgufBuilder file;
  file.big = true;
  says(inspected_gguf(file), "error gguf.byte-order: version 50331648 is extremely large");
}

TEST_CASE("gguf: cut at any byte it never reads as clean") {
  for (const bool big : {false, true}) {
    auto file = adapter(big);
    file.array_pair("words", GgufBuilder::string, 2, file.text("one") + file.text("two"));
    const auto whole = file.build();
    for (std::size_t length = 0; length < whole.size(); ++length) {
      INFO(length);
      CHECK(test::complains(inspected_gguf(whole.substr(0, length))));
    }
  }
}

TEST_CASE("gguf: findings of one kind are capped") {
  GgufBuilder file;
  for (int i = 0; i < 1000; ++i) {
    file.info("same", {0}, 0, 0);
  }
  const auto artifact = inspected_gguf(file);
  CHECK(artifact.findings.size() < 300);
  says(artifact, "743 more findings of this kind are not listed");
}

TEST_CASE("gguf: tensors before the place where the infos break off are listed") {
  const auto header = GgufBuilder().info("a", {4}, 0, 0).info("b", {4}, 0, 32).header();
  const auto artifact = inspected_gguf(header.substr(0, header.size() - 4));
  says(artifact, "error container.truncated: gguf: tensor info 2 of 2: tensor offset: needs 8 bytes, 4 are left");
  REQUIRE(artifact.tensors.size() == 1);
  CHECK(artifact.tensors[0].name == "a");
  CHECK(artifact.tensors[0].bytes == 16);
  CHECK(artifact.tensors[0].unread == "the file breaks off before the place of its data is known");
}

TEST_CASE("gguf: of missing tensors a few hundred are listed, none as an error") {
  GgufBuilder file;
  for (int i = 0; i < 1000; ++i) {
    file.info("t" + std::to_string(i), {8}, 0, static_cast<std::uint64_t>(i) * 32);
  }
  const auto artifact = inspected_gguf(file);
  CHECK_FALSE(refuses(artifact));
  says(artifact, "warning tensor.unread: 744 more tensors that were not measured are not listed");
}

TEST_CASE("gguf: more tensors than the limits allow are listed as far as they go") {
  GgufBuilder file;
  for (int i = 0; i < 1000; ++i) {
    file.info("t" + std::to_string(i), {0}, 0, 0);
  }
  InspectOptions options;
  options.limits.memory = 200000;
  const auto artifact = inspected_gguf(file.build(), options);
  says(artifact, " and those after it need more memory than is allowed");
  CHECK(artifact.tensors.size() > 10);
  CHECK(artifact.tensors.size() < 1000);
  options.limits = {};
  options.limits.tensors = 999;
  says(inspected_gguf(file.build(), options), "error limit.reached: 1000 tensors are more than the 999 that are read");
}

TEST_CASE("gguf: headers alone tell the same structure") {
  InspectOptions quick;
  quick.depth = Depth::headers;
  const auto artifact = inspected_gguf(adapter().build(), quick);
  CHECK(told_by_gguf(artifact) == "");
  CHECK(artifact.tensors.size() == 2);
  CHECK(artifact.tensors.at(0).stats == std::nullopt);
}
