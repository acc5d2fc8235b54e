// SPDX-License-Identifier: Apache-2.0
#include "support/gguf_reading.hpp"

#include <limits>

using namespace upinspect;
using namespace upinspect::test::gguf;
using test::GgufBuilder;

TEST_CASE("gguf: an adapter is read with its metadata, tensors and every byte") {
  const auto artifact = inspected_gguf(adapter());
  CHECK(told_by_gguf(artifact) == "");
  CHECK(artifact.format.id == "gguf");
  CHECK(artifact.format.title == "GGUF v3, LoRA adapter for llama");
  CHECK(metadata(artifact, "adapter.lora.alpha") == Value(16.0));
  CHECK(*artifact.format.detail.find("byte_order") == Value("little"));
  CHECK(*artifact.format.detail.find("alignment") == Value(std::uint64_t{32}));
  CHECK(artifact.coverage.gaps == 0);
  REQUIRE(artifact.tensors.size() == 2);
  const auto& tensor = artifact.tensors[0];
  CHECK(tensor.name == "blk.0.attn_q.weight.lora_a");
  CHECK(tensor.dtype_name == "f32");
  REQUIRE(tensor.stats.has_value());
  CHECK(tensor.stats->min == Number(-2.0));
  CHECK(tensor.stats->max == Number(3.0));
}

TEST_CASE("gguf: dimensions are turned round") {
  GgufBuilder file;
  const auto artifact = inspected_gguf(file.tensor("t", {4, 3, 2}, 0, std::string(96, '\0')));
  CHECK(artifact.tensors.at(0).shape == std::vector<std::uint64_t>{2, 3, 4});
  CHECK(strides_of(artifact.tensors.at(0)) == std::vector<std::int64_t>{12, 4, 1});
}

TEST_CASE("gguf: a big-endian file gives the same tensors and metadata, with a warning") {
  const auto little = inspected_gguf(adapter(false));
  const auto big = inspected_gguf(adapter(true));
  CHECK(told_by_gguf(big) == "warning gguf.byte-order: the file is big-endian; on a little-endian machine ggml reads its version as "
                     "50331648 and refuses it\n");
  CHECK(big.metadata == little.metadata);
  CHECK(big.tensors.at(1).digests == little.tensors.at(1).digests);
  CHECK(big.tensors.at(1).stats == little.tensors.at(1).stats);
}

TEST_CASE("gguf: every metadata type is kept as it is") {
  for (const bool big : {false, true}) {
    GgufBuilder file;
    file.big = big;
    file.pair("u8", GgufBuilder::u8, "\xff").pair("i8", GgufBuilder::i8, "\xfe").pair("bool", GgufBuilder::boolean, "\x01");
    file.pair("u16", GgufBuilder::u16, file.number(65535, 2)).pair("i16", GgufBuilder::i16, file.number(0x8000, 2));
    file.pair("u32", GgufBuilder::u32, file.number(4294967295, 4)).pair("i32", GgufBuilder::i32, file.number(0x80000000, 4));
    file.pair("u64", GgufBuilder::u64, file.number(UINT64_MAX, 8)).pair("i64", GgufBuilder::i64, file.number(1ULL << 63, 8));
    file.pair("f32", GgufBuilder::f32, file.real(0.5F)).pair("f64", GgufBuilder::f64, file.number(0x3ff0000000000000, 8));
    file.string_pair("str", "text").array_pair("arr", GgufBuilder::string, 2, file.text("a") + file.text(""));
    file.array_pair("ints", GgufBuilder::i32, 2, file.number(7, 4) + file.number(0xffffffff, 4));
    const auto artifact = inspected_gguf(file);
    CHECK(metadata(artifact, "u8") == Value(255U));
    CHECK(metadata(artifact, "i8") == Value(-2));
    CHECK(metadata(artifact, "bool") == Value(true));
    CHECK(metadata(artifact, "u16") == Value(65535U));
    CHECK(metadata(artifact, "i16") == Value(-32768));
    CHECK(metadata(artifact, "u32") == Value(4294967295U));
    CHECK(metadata(artifact, "i32") == Value(-2147483648LL));
    CHECK(metadata(artifact, "u64") == Value(UINT64_MAX));
    CHECK(metadata(artifact, "i64") == Value(std::numeric_limits<std::int64_t>::min()));
    CHECK(metadata(artifact, "f32") == Value(0.5));
    CHECK(metadata(artifact, "f64") == Value(1.0));
    CHECK(metadata(artifact, "str") == Value("text"));
    CHECK(metadata(artifact, "arr") == Value(Value::Array{Value("a"), Value("")}));
    CHECK(metadata(artifact, "ints") == Value(Value::Array{Value(7), Value(-1)}));
  }
}

TEST_CASE("gguf: a long array is kept whole") {
  GgufBuilder file;
  std::string elements;
  for (std::uint32_t i = 0; i < 50000; ++i) {
    elements += file.number(i, 4);
  }
  const auto artifact = inspected_gguf(file.array_pair("tokens", GgufBuilder::u32, 50000, elements));
  REQUIRE(metadata(artifact, "tokens").if_array()->size() == 50000);
  CHECK(metadata(artifact, "tokens").if_array()->back() == Value(49999U));
}

TEST_CASE("gguf: metadata beyond the memory allowed are passed over, and the tensors read") {
  GgufBuilder file;
  file.array_pair("tokens", GgufBuilder::u8, 4096, std::string(4096, '\0')).string_pair("text", std::string(60000, 'x'));
  file.tensor("t", {4}, 0, four(file));
  InspectOptions options;
  options.limits.memory = 100000;
  const auto artifact = inspected_gguf(file.build(), options);
  says(artifact, "warning limit.reached: the value of the metadata key 'tokens' needs more memory than is allowed");
  says(artifact, "the metadata key 'text' needs more memory");
  REQUIRE(artifact.tensors.size() == 1);
  CHECK(artifact.tensors[0].stats.has_value());
}

TEST_CASE("gguf: versions that are not read say why") {
  for (const auto& [version, why] : {std::pair{0U, "bad GGUF version: 0"},
                                     {1U, "GGUFv1 is no longer supported"},
                                     {4U, "this GGUF file is version 4 but readers only support up to version 3"},
                                     {65539U, "this GGUF file is version 65539 but readers"}}) {
    GgufBuilder file;
    file.version = version;
    says(inspected_gguf(file), std::string("error container.malformed: gguf: version: ") + why);
  }
}

TEST_CASE("gguf: version 2 has the same layout") {
  auto file = adapter();
  file.version = 2;
  const auto artifact = inspected_gguf(file);
  CHECK(told_by_gguf(artifact) == "");
  CHECK(artifact.format.title == "GGUF v2, LoRA adapter for llama");
}

TEST_CASE("gguf: a magic swapped as a whole is named") {
  auto file = adapter();
  file.magic = "FUGG";
  says(inspected_gguf(file), "gguf: magic: invalid magic characters: 'FUGG', expected 'GGUF'");
}

TEST_CASE("gguf: counts that cannot be are refused") {
  auto file = adapter();
  file.extra_tensors = -3;
  says(inspected_gguf(file), "number of tensors: is -1 but must be in [0, 53624256028225440]");
  file.extra_tensors = 0;
  file.extra_pairs = std::int64_t{1} << 62;
  says(inspected_gguf(file), "number of key value pairs: is 4611686018427387908 but must be in [0, 209622091746699450]");
}

TEST_CASE("gguf: counts beyond what the file holds keep what is there") {
  auto file = adapter();
  file.extra_tensors = std::int64_t{1} << 40;
  const auto artifact = inspected_gguf(file);
  says(artifact, "number of tensors: 1099511627778 tensor infos cannot lie in the ");
  CHECK(metadata(artifact, "general.type") == Value("adapter"));
  file.extra_tensors = 1000;
  says(inspected_gguf(file), "tensor info ");
}

TEST_CASE("gguf: keys that ggml refuses or should") {
  const std::string yes = "\x01";
  says(inspected_gguf(GgufBuilder().pair("", GgufBuilder::u8, yes)), "error gguf.empty-key: a metadata key is empty");
  const auto twice = inspected_gguf(GgufBuilder().pair("a", GgufBuilder::u8, yes).pair("a", GgufBuilder::u8, "\x02"));
  says(twice, "error gguf.duplicate-key: duplicate key 'a' for key-value pairs 0 and 1");
  CHECK(metadata(twice, "a") == Value(1U));
  const auto nul = inspected_gguf(GgufBuilder().pair(std::string_view("a\0b", 3), GgufBuilder::u8, yes));
  says(nul, "warning name.control-character: the metadata key 'a");
  CHECK_FALSE(refuses(nul));
  CHECK_FALSE(refuses(inspected_gguf(GgufBuilder().pair("\xc3\xa4", GgufBuilder::u8, yes))));
  says(inspected_gguf(GgufBuilder().pair(std::string(70000, 'k'), GgufBuilder::u8, yes)), "warning gguf.key-spelling: a metadata key is 70000");
}

TEST_CASE("gguf: string lengths are compared with what is left") {
  GgufBuilder file;
  says(inspected_gguf(file.pair("a", GgufBuilder::string, file.number(1ULL << 63, 8))),
       "key-value pair 1 of 1, key 'a': string: string length 9223372036854775808 exceeds the maximum 1073741824");
  GgufBuilder other;
  says(inspected_gguf(other.pair("a", GgufBuilder::string, other.number(1000000, 8))), "key 'a': string: needs 1000000 bytes");
}

TEST_CASE("gguf: value types are checked") {
  for (const auto type : {13, -1}) {
    says(inspected_gguf(GgufBuilder().pair("a", type, "")),
         "key 'a': value type: invalid GGUF type " + std::to_string(type) + "; types are 0 to 12");
  }
  says(inspected_gguf(GgufBuilder().array_pair("a", GgufBuilder::array, 0, "")), "invalid GGUF type 9: an array of arrays");
}

TEST_CASE("gguf: array lengths are compared with what is left") {
  says(inspected_gguf(GgufBuilder().array_pair("a", GgufBuilder::u8, 1ULL << 48, "")),
       "array length: 281474976710656 elements exceed the maximum 1073741824");
  says(inspected_gguf(GgufBuilder().array_pair("a", GgufBuilder::string, 1000, "")),
       "container.truncated: gguf: key-value pair 1 of 1, key 'a': array length: 1000 elements of str need at least 8000 bytes");
}

TEST_CASE("gguf: values that the specification forbids and ggml takes are warnings") {
  GgufBuilder file;
  const auto artifact = inspected_gguf(file.pair("b", GgufBuilder::boolean, "\x07").string_pair("s", "\xff\xfe"));
  says(artifact, "warning gguf.bool-value: the metadata key 'b' holds 1 bool that is neither 0 nor 1");
  says(artifact, "warning gguf.not-utf8: the metadata key 's' holds 1 text that is not UTF-8");
  CHECK_FALSE(refuses(artifact));
}

TEST_CASE("gguf: a chat template that reaches for Python's inside is an error") {
  const auto evil = inspected_gguf(GgufBuilder().string_pair("tokenizer.chat_template", "{{ ().__class__.__base__ }}"));
  says(evil, "error gguf.template-code: the template 'tokenizer.chat_template' uses __class__");
  CHECK(told_by_gguf(inspected_gguf(GgufBuilder().string_pair("tokenizer.chat_template", "{{ bos_token }}"))) == "");
  CHECK(told_by_gguf(inspected_gguf(GgufBuilder().string_pair("general.description", "__class__"))) == "");
}

TEST_CASE("gguf: the alignment must be a power of two of type u32") {
  for (const auto value : {0U, 3U, 24U, 4294967295U}) {
    GgufBuilder file;
    file.set_alignment(value).alignment = 32;
    const auto artifact = inspected_gguf(file.tensor("t", {4}, 0, four(file)));
    says(artifact, "error gguf.alignment: alignment " + std::to_string(value) + " is not a power of 2");
    CHECK(artifact.tensors.at(0).unread == "its place follows from an alignment that is unusable");
  }
  GgufBuilder file;
  says(inspected_gguf(file.pair("general.alignment", GgufBuilder::i32, file.number(32, 4))),
       "error gguf.alignment: key 'general.alignment' must be of type u32 but is i32");
}

TEST_CASE("gguf: other alignments move the data") {
  for (const auto value : {1U, 8U, 16U, 64U}) {
    GgufBuilder file;
    file.set_alignment(value);
    file.tensor("a", {3}, 0, four(file).substr(0, 12)).tensor("b", {4}, 0, four(file));
    const auto artifact = inspected_gguf(file);
    CHECK_FALSE(refuses(artifact));
    CHECK(artifact.tensors.at(1).stats->max == Number(3.0));
    CHECK(artifact.coverage.gaps == 0);
  }
}

TEST_CASE("gguf: a data section beyond the end is named") {
  GgufBuilder file;
  file.set_alignment(1U << 31).alignment = 32;
  says(inspected_gguf(file.tensor("t", {4}, 0, four(file))), "error container.truncated: failed to seek to the beginning of the data section");
  GgufBuilder unpadded;
  const auto header = unpadded.info("a", {8}, 0, 0).header();
  const auto artifact = inspected_gguf(header);
  says(artifact, "it would start at 64, the file ends at 57");
  says(artifact, "warning tensor.unread: not measured: only 0 of its 32 bytes are in the file");
}

TEST_CASE("gguf: a part of a split model says so, and counts that disagree are told") {
  const auto part = [](std::uint64_t number, std::uint64_t tensors) {
    GgufBuilder file;
    file.pair("split.no", GgufBuilder::u16, file.number(number, 2)).pair("split.count", GgufBuilder::u16, file.number(3, 2));
    return inspected_gguf(file.pair("split.tensors.count", GgufBuilder::i32, file.number(tensors, 4)));
  };
  CHECK(says(part(1, 7), "note gguf.split: this is part 1, counted from 0, of 3: it has 0 of the 7 tensors"));
  CHECK(told_by_gguf(part(1, 7)).find("gguf.split-counts") == std::string::npos);
  CHECK(says(part(3, 7), "warning gguf.split-counts: split.no 3, split.count 3"));
}
