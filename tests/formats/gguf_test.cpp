// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/gguf_builder.hpp"
#include "support/soundness.hpp"
#include "upinspect/inspect.hpp"

#include <algorithm>
#include <limits>

using namespace upinspect;
using test::GgufBuilder;

namespace {

Artifact inspected(const std::string& content, InspectOptions options = {}) {
  options.jobs = 1;
  auto artifact = inspect_bytes("model.gguf", content.data(), content.size(), options);
  CHECK(test::unsoundness(artifact, content.size()) == "");
  return artifact;
}

Artifact inspected(const GgufBuilder& file) { return inspected(file.build()); }

/// The findings as lines "severity id: message", without those of the general rules.
std::string told(const Artifact& artifact) {
  std::string lines;
  for (const auto& finding : artifact.findings) {
    const auto severity = finding.severity == Severity::error ? "error " : finding.severity == Severity::warning ? "warning " : "note ";
    lines += severity + finding.id + ": " + finding.message + "\n";
  }
  return lines;
}

bool says(const Artifact& artifact, const std::string& part) {
  INFO(told(artifact));
  INFO(part);
  const bool found = told(artifact).find(part) != std::string::npos;
  CHECK(found);
  return found;
}

bool refuses(const Artifact& artifact) {
  return std::any_of(artifact.findings.begin(), artifact.findings.end(),
                     [](const Finding& finding) { return finding.severity == Severity::error; });
}

/// Four f32 in two rows, little- or big-endian.
std::string four(const GgufBuilder& file) { return file.real(1) + file.real(-2) + file.real(3) + file.real(0); }

GgufBuilder adapter(bool big = false) {
  GgufBuilder file;
  file.big = big;
  file.string_pair("general.type", "adapter").string_pair("general.architecture", "llama");
  file.string_pair("adapter.type", "lora").pair("adapter.lora.alpha", GgufBuilder::f32, file.real(16));
  file.tensor("blk.0.attn_q.weight.lora_a", {2, 2}, 0, four(file));
  return file.tensor("blk.0.attn_q.weight.lora_b", {2, 2}, 0, four(file));
}

const Value& metadata(const Artifact& artifact, const std::string& key) {
  const auto* value = artifact.metadata.find(key);
  REQUIRE(value != nullptr);
  return *value;
}

}  // namespace

TEST_CASE("gguf: an adapter is read with its metadata, tensors and every byte") {
  const auto artifact = inspected(adapter());
  CHECK(told(artifact) == "");
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
  const auto artifact = inspected(file.tensor("t", {4, 3, 2}, 0, std::string(96, '\0')));
  CHECK(artifact.tensors.at(0).shape == std::vector<std::uint64_t>{2, 3, 4});
  CHECK(artifact.tensors.at(0).location.strides == std::vector<std::int64_t>{12, 4, 1});
}

TEST_CASE("gguf: a big-endian file gives the same tensors and metadata, with a warning") {
  const auto little = inspected(adapter(false));
  const auto big = inspected(adapter(true));
  CHECK(told(big) == "warning gguf.byte-order: the file is big-endian; on a little-endian machine ggml reads its version as "
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
    const auto artifact = inspected(file);
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
  const auto artifact = inspected(file.array_pair("tokens", GgufBuilder::u32, 50000, elements));
  REQUIRE(metadata(artifact, "tokens").if_array()->size() == 50000);
  CHECK(metadata(artifact, "tokens").if_array()->back() == Value(49999U));
}

TEST_CASE("gguf: metadata beyond the memory allowed are passed over, and the tensors read") {
  GgufBuilder file;
  file.array_pair("tokens", GgufBuilder::u8, 4096, std::string(4096, '\0')).string_pair("text", std::string(60000, 'x'));
  file.tensor("t", {4}, 0, four(file));
  InspectOptions options;
  options.limits.memory = 100000;
  const auto artifact = inspected(file.build(), options);
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
    says(inspected(file), std::string("error container.malformed: gguf: version: ") + why);
  }
}

TEST_CASE("gguf: version 2 has the same layout") {
  auto file = adapter();
  file.version = 2;
  const auto artifact = inspected(file);
  CHECK(told(artifact) == "");
  CHECK(artifact.format.title == "GGUF v2, LoRA adapter for llama");
}

TEST_CASE("gguf: a magic swapped as a whole is named") {
  auto file = adapter();
  file.magic = "FUGG";
  says(inspected(file), "gguf: magic: invalid magic characters: 'FUGG', expected 'GGUF'");
}

TEST_CASE("gguf: counts that cannot be are refused") {
  auto file = adapter();
  file.extra_tensors = -3;
  says(inspected(file), "number of tensors: is -1 but must be in [0, 53624256028225440]");
  file.extra_tensors = 0;
  file.extra_pairs = std::int64_t{1} << 62;
  says(inspected(file), "number of key value pairs: is 4611686018427387908 but must be in [0, 209622091746699450]");
}

TEST_CASE("gguf: counts beyond what the file holds keep what is there") {
  auto file = adapter();
  file.extra_tensors = std::int64_t{1} << 40;
  const auto artifact = inspected(file);
  says(artifact, "number of tensors: 1099511627778 tensor infos cannot lie in the ");
  CHECK(metadata(artifact, "general.type") == Value("adapter"));
  file.extra_tensors = 1000;
  says(inspected(file), "tensor info ");
}

TEST_CASE("gguf: keys that ggml refuses or should") {
  const std::string yes = "\x01";
  says(inspected(GgufBuilder().pair("", GgufBuilder::u8, yes)), "error gguf.empty-key: a metadata key is empty");
  const auto twice = inspected(GgufBuilder().pair("a", GgufBuilder::u8, yes).pair("a", GgufBuilder::u8, "\x02"));
  says(twice, "error gguf.duplicate-key: duplicate key 'a' for key-value pairs 0 and 1");
  CHECK(metadata(twice, "a") == Value(1U));
  const auto nul = inspected(GgufBuilder().pair(std::string_view("a\0b", 3), GgufBuilder::u8, yes));
  says(nul, "warning name.control-character: the metadata key 'a");
  CHECK_FALSE(refuses(nul));
  CHECK_FALSE(refuses(inspected(GgufBuilder().pair("\xc3\xa4", GgufBuilder::u8, yes))));
  says(inspected(GgufBuilder().pair(std::string(70000, 'k'), GgufBuilder::u8, yes)), "warning gguf.key-spelling: a metadata key is 70000");
}

TEST_CASE("gguf: string lengths are compared with what is left") {
  GgufBuilder file;
  says(inspected(file.pair("a", GgufBuilder::string, file.number(1ULL << 63, 8))),
       "key-value pair 1 of 1, key 'a': string: string length 9223372036854775808 exceeds the maximum 1073741824");
  GgufBuilder other;
  says(inspected(other.pair("a", GgufBuilder::string, other.number(1000000, 8))), "key 'a': string: needs 1000000 bytes");
}

TEST_CASE("gguf: value types are checked") {
  for (const auto type : {13, -1}) {
    says(inspected(GgufBuilder().pair("a", type, "")),
         "key 'a': value type: invalid GGUF type " + std::to_string(type) + "; types are 0 to 12");
  }
  says(inspected(GgufBuilder().array_pair("a", GgufBuilder::array, 0, "")), "invalid GGUF type 9: an array of arrays");
}

TEST_CASE("gguf: array lengths are compared with what is left") {
  says(inspected(GgufBuilder().array_pair("a", GgufBuilder::u8, 1ULL << 48, "")),
       "array length: 281474976710656 elements exceed the maximum 1073741824");
  says(inspected(GgufBuilder().array_pair("a", GgufBuilder::string, 1000, "")),
       "container.truncated: gguf: key-value pair 1 of 1, key 'a': array length: 1000 elements of str need at least 8000 bytes");
}

TEST_CASE("gguf: values that the specification forbids and ggml takes are warnings") {
  GgufBuilder file;
  const auto artifact = inspected(file.pair("b", GgufBuilder::boolean, "\x07").string_pair("s", "\xff\xfe"));
  says(artifact, "warning gguf.bool-value: the metadata key 'b' holds 1 bool that is neither 0 nor 1");
  says(artifact, "warning gguf.not-utf8: the metadata key 's' holds 1 text that is not UTF-8");
  CHECK_FALSE(refuses(artifact));
}

TEST_CASE("gguf: a chat template that reaches for Python's inside is a warning") {
  const auto evil = inspected(GgufBuilder().string_pair("tokenizer.chat_template", "{{ ().__class__.__base__ }}"));
  says(evil, "warning gguf.template-code: the template 'tokenizer.chat_template' reaches for __class__");
  CHECK(told(inspected(GgufBuilder().string_pair("tokenizer.chat_template", "{{ bos_token }}"))) == "");
  CHECK(told(inspected(GgufBuilder().string_pair("general.description", "__class__"))) == "");
}

TEST_CASE("gguf: the alignment must be a power of two of type u32") {
  for (const auto value : {0U, 3U, 24U, 4294967295U}) {
    GgufBuilder file;
    file.set_alignment(value).alignment = 32;
    const auto artifact = inspected(file.tensor("t", {4}, 0, four(file)));
    says(artifact, "error gguf.alignment: alignment " + std::to_string(value) + " is not a power of 2");
    CHECK(artifact.tensors.at(0).unread == "its place follows from an alignment that is unusable");
  }
  GgufBuilder file;
  says(inspected(file.pair("general.alignment", GgufBuilder::i32, file.number(32, 4))),
       "error gguf.alignment: key 'general.alignment' must be of type u32 but is i32");
}

TEST_CASE("gguf: other alignments move the data") {
  for (const auto value : {1U, 8U, 16U, 64U}) {
    GgufBuilder file;
    file.set_alignment(value);
    file.tensor("a", {3}, 0, four(file).substr(0, 12)).tensor("b", {4}, 0, four(file));
    const auto artifact = inspected(file);
    CHECK_FALSE(refuses(artifact));
    CHECK(artifact.tensors.at(1).stats->max == Number(3.0));
    CHECK(artifact.coverage.gaps == 0);
  }
}

TEST_CASE("gguf: a data section beyond the end is named") {
  GgufBuilder file;
  file.set_alignment(1U << 31).alignment = 32;
  says(inspected(file.tensor("t", {4}, 0, four(file))), "error container.truncated: failed to seek to the beginning of the data section");
  GgufBuilder unpadded;
  const auto header = unpadded.info("a", {8}, 0, 0).header();
  const auto artifact = inspected(header);
  says(artifact, "it would start at 64, the file ends at 57");
  says(artifact, "warning tensor.unread: not measured: only 0 of its 32 bytes are in the file");
}

TEST_CASE("gguf: tensor names as ggml keeps them") {
  CHECK_FALSE(refuses(inspected(GgufBuilder().info(std::string(63, 'n'), {0}, 0, 0))));
  says(inspected(GgufBuilder().info(std::string(64, 'n'), {0}, 0, 0)), "error gguf.tensor-name: tensor name 0 is too long: 64 >= 64");
  says(inspected(GgufBuilder().info("", {0}, 0, 0)), "warning gguf.tensor-name: tensor 0 has an empty name");
  says(inspected(GgufBuilder().info("a", {0}, 0, 0).info("a", {0}, 0, 0)), "duplicate tensor name 'a' for tensors 0 and 1");
  says(inspected(GgufBuilder().info(std::string_view("a\0b", 3), {0}, 0, 0).info("a", {0}, 0, 0)),
       "error gguf.tensor-name: duplicate tensor name 'a' for tensors 0 and 1");
}

TEST_CASE("gguf: dimensions that ggml refuses") {
  says(inspected(GgufBuilder().info("t", {1, 1, 1, 1, 8}, 0, 0)), "error gguf.dimensions: tensor 't' has invalid number of dimensions: 5 > 4");
  says(inspected(GgufBuilder().info("t", std::vector<std::uint64_t>(65, 1), 0, 0)), "has invalid number of dimensions: 65 > 4");
  const auto negative = inspected(GgufBuilder().info("t", {static_cast<std::uint64_t>(-8)}, 0, 0));
  says(negative, "tensor 't' dimension 0 has invalid number of elements: -8 < 0");
  says(inspected(GgufBuilder().info("t", {INT64_MAX}, 24, 0)), "total number of elements is >= 9223372036854775807");
  says(inspected(GgufBuilder().info("t", {1ULL << 31, 1ULL << 32}, 0, 0)), "error tensor.shape-overflow: tensor 't' has a shape");
  says(inspected(GgufBuilder().info("t", {1ULL << 61, 2}, 28, 0)), "has a size in bytes > 18446744073709551615");
}

TEST_CASE("gguf: no dimension is a scalar, a dimension of zero an empty tensor") {
  GgufBuilder file;
  const auto artifact = inspected(file.tensor("s", {}, 0, file.real(2)).tensor("z", {0, 4}, 0, ""));
  CHECK(told(artifact) == "");
  CHECK(artifact.tensors.at(0).shape.empty());
  CHECK(artifact.tensors.at(0).elements == 1);
  CHECK(artifact.tensors.at(1).elements == 0);
  CHECK_FALSE(refuses(inspected(GgufBuilder().info("t", {0, 1ULL << 62, 1ULL << 62, 1ULL << 32}, 0, 0))));
}

TEST_CASE("gguf: a product that wraps to nothing is an empty tensor to ggml and a warning here") {
  for (const auto& ne : std::vector<std::vector<std::uint64_t>>{{1ULL << 32, 1ULL << 32}, {65536, 65536, 65536, 65536}}) {
    const auto artifact = inspected(GgufBuilder().info("t", ne, 0, 0));
    says(artifact, "warning tensor.shape-overflow: tensor 't': the product of its shape exceeds 2^64; ggml computes 0");
    CHECK_FALSE(refuses(artifact));
    CHECK(artifact.tensors.at(0).bytes == 0);
  }
}

TEST_CASE("gguf: types and rows that ggml refuses") {
  for (const auto type : {43, -1}) {
    says(inspected(GgufBuilder().info("t", {8}, type, 0)),
         "error gguf.tensor-type: tensor 't' has invalid ggml type " + std::to_string(type) + ", which should be in [0, 43)");
  }
  says(inspected(GgufBuilder().info("t", {8}, 4, 0)), "of type 4 (DEPRECATED, once q4_2) has 8 elements per row, not a multiple of block size (0)");
  says(inspected(GgufBuilder().info("t", {32}, 31, 0)), "of type 31 (q4_0_4_4 REMOVED");
  says(inspected(GgufBuilder().info("t", {33}, 8, 0)), "error gguf.row-size: tensor 't' of type 8 (q8_0) has 33 elements per row");
  says(inspected(GgufBuilder().info("t", {16, 2}, 2, 0)), "has 16 elements per row, not a multiple of block size (32)");
}

TEST_CASE("gguf: types that only ggml names keep their size") {
  const auto artifact = inspected(GgufBuilder().tensor("t", {128, 2}, 40, std::string(144, 'x')));
  CHECK(told(artifact) == "");
  CHECK(artifact.tensors.at(0).dtype_name == "nvfp4");
  CHECK(artifact.tensors.at(0).bytes == 144);
  CHECK(artifact.tensors.at(0).digests.xxh3_128.has_value());
}

TEST_CASE("gguf: offsets must follow one another") {
  GgufBuilder file;
  const auto misaligned = inspected(file.info("t", {4}, 0, 4).build() + std::string(64, '\0'));
  says(misaligned, "error gguf.offset: tensor 't' has offset 4, expected 0: not a multiple of the alignment");
  const auto hole = inspected(GgufBuilder().info("t", {4}, 0, 32).build() + std::string(64, '\0'));
  says(hole, "tensor 't' has offset 32, expected 0: leaving a hole of 32 bytes");
  const auto overlap = inspected(GgufBuilder().info("a", {8}, 0, 0).info("b", {8}, 0, 0).build() + std::string(64, '\0'));
  says(overlap, "tensor 'b' has offset 0, expected 32: inside or before the tensor that precedes it");
  says(inspected(GgufBuilder().info("a", {4}, 0, 1ULL << 63)), "tensor 'a' has offset 9223372036854775808, expected 0");
  const auto wrap = inspected(GgufBuilder().info("t", {(1ULL << 63) - 2}, 24, 0).info("u", {8}, 0, 0));
  says(wrap, "tensor 'u' has offset 0, expected 9223372036854775808");
}

TEST_CASE("gguf: one shift is one finding") {
  GgufBuilder file;
  file.info("a", {8}, 0, 32).info("b", {8}, 0, 64).info("c", {8}, 0, 96);
  const auto lines = told(inspected(file.build() + std::string(128, '\0')));
  CHECK(lines.find("tensor 'a' has offset") != std::string::npos);
  CHECK(lines.find("tensor 'b' has offset") == std::string::npos);
}

TEST_CASE("gguf: missing data are a warning, because ggml reads the metadata all the same") {
  auto file = adapter();
  const auto whole = file.build();
  const auto cut = inspected(whole.substr(0, whole.size() - 24));
  says(cut, "warning container.truncated: the tensors need 8 more bytes of data than the file has");
  says(cut, "warning tensor.unread: not measured: only 8 of its 16 bytes are in the file");
  CHECK_FALSE(refuses(cut));
  CHECK(cut.tensors.at(1).stats == std::nullopt);
  const auto huge = inspected(GgufBuilder().info("t", {(1ULL << 62) - 1}, 0, 0).build() + std::string(32, '\0'));
  says(huge, "only 32 of its 18446744073709551612 bytes are in the file");
}

TEST_CASE("gguf: padding that is missing or not zero is a warning") {
  const auto whole = adapter().build();
  says(inspected(whole.substr(0, whole.size() - 5)), "warning gguf.padding: the file ends before the padding of its last tensor does");
  auto file = adapter();
  file.fill = 'x';
  const auto artifact = inspected(file);
  says(artifact, "bytes of alignment padding are not all zero, from offset ");
  CHECK_FALSE(refuses(artifact));
}

TEST_CASE("gguf: what follows the last tensor is a gap") {
  const auto artifact = inspected(adapter().build() + "evil");
  says(artifact, "warning container.unlabelled-bytes: 4 bytes belong to nothing");
  CHECK_FALSE(refuses(artifact));
}

TEST_CASE("gguf: an empty big-endian file is no file of the other byte order") {
  GgufBuilder file;
  file.big = true;
  says(inspected(file), "error gguf.byte-order: version 50331648 is extremely large");
}

TEST_CASE("gguf: cut at any byte it never reads as clean") {
  for (const bool big : {false, true}) {
    auto file = adapter(big);
    file.array_pair("words", GgufBuilder::string, 2, file.text("one") + file.text("two"));
    const auto whole = file.build();
    for (std::size_t length = 0; length < whole.size(); ++length) {
      INFO(length);
      CHECK(test::complains(inspected(whole.substr(0, length))));
    }
  }
}

TEST_CASE("gguf: findings of one kind are capped") {
  GgufBuilder file;
  for (int i = 0; i < 1000; ++i) {
    file.info("same", {0}, 0, 0);
  }
  const auto artifact = inspected(file);
  CHECK(artifact.findings.size() < 300);
  says(artifact, "743 more findings of this kind are not listed");
}

TEST_CASE("gguf: tensors before the place where the infos break off are listed") {
  const auto header = GgufBuilder().info("a", {4}, 0, 0).info("b", {4}, 0, 32).header();
  const auto artifact = inspected(header.substr(0, header.size() - 4));
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
  const auto artifact = inspected(file);
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
  const auto artifact = inspected(file.build(), options);
  says(artifact, " and those after it need more memory than is allowed");
  CHECK(artifact.tensors.size() > 10);
  CHECK(artifact.tensors.size() < 1000);
  options.limits = {};
  options.limits.tensors = 999;
  says(inspected(file.build(), options), "error limit.reached: 1000 tensors are more than the 999 that are read");
}

TEST_CASE("gguf: headers alone tell the same structure") {
  InspectOptions quick;
  quick.depth = Depth::headers;
  const auto artifact = inspected(adapter().build(), quick);
  CHECK(told(artifact) == "");
  CHECK(artifact.tensors.size() == 2);
  CHECK(artifact.tensors.at(0).stats == std::nullopt);
}
