// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/inspecting.hpp"
#include "support/torch_builder.hpp"

#include <functional>

using namespace upinspect;
using namespace upinspect::test;

namespace {

/// What torch.load of 1.13 does with a file, and what is found here: an error of this id with these words, or none.
struct LegacyCase {
  const char* name;
  const char* torch;
  std::function<void(LegacyFile&)> change;
  const char* id;
  const char* words;
};

const LegacyCase k_legacy_cases[] = {
    {"whole", "loads", [](LegacyFile&) {}, "", ""},
    {"truncated", "unexpected EOF, expected 4 more bytes. The file might be corrupted.",
     [](LegacyFile& file) { file.storages.resize(file.storages.size() - 4); }, "container.truncated",
     "storage \"200\": needs 24 bytes, 20 are left (torch: unexpected EOF, expected 4 more bytes)"},
    {"trailing bytes", "loads", [](LegacyFile& file) { file.storages += "tail"; }, "", ""},
    {"another size", "storage has wrong byte size", [](LegacyFile& file) { file.storages.replace(0, 1, 1, '\x07'); },
     "torch.storage-size", "7 elements stand here, 6 are declared"},
    {"negative size", "storage has wrong byte size", [](LegacyFile& file) { file.storages.replace(0, 8, 8, '\xff'); },
     "torch.storage-size", "-1 elements stand here"},
    {"magic only", "pickle data was truncated",
     [](LegacyFile& file) { file = LegacyFile{file.magic, "", "", "", "", ""}; }, "container.truncated",
     "protocol version: there are no bytes"},
    {"magic twice", "Invalid protocol version: 119547037146038801333356",
     [](LegacyFile& file) { file = LegacyFile{file.magic, file.magic, "", "", "", ""}; }, "torch.legacy-version",
     "expected 1001, found 119547037146038801333356"},
    {"another version", "Invalid protocol version: 1000", [](LegacyFile& file) { file.version[3] = '\xe8'; },
     "torch.legacy-version", "expected 1001, found 1000"},
    {"big-endian writer", "loads",
     [](LegacyFile& file) { file.system = PickleBuilder().proto(2).empty_dict().text("little_endian").boolean(false).setitem().stop().string(); },
     "", ""},
    {"a key that nobody declares", "AssertionError", [](LegacyFile& file) { file.keys = legacy_keys({"100", "300"}); },
     "torch.unknown-storage-key", "\"300\" is listed, but no tensor declares it"},
    {"a key too few", "loads, with memory as it was found", [](LegacyFile& file) { file.keys = legacy_keys({"100"}); },
     "torch.missing-storage", "the storage \"200\" is not in the file"},
    {"keys that are no list", "TypeError: 'int' object is not iterable",
     [](LegacyFile& file) { file.keys = PickleBuilder().proto(2).integer(5).stop().string(); }, "torch.legacy-keys",
     "expected a list of keys, found 'int'"},
    {"an object that breaks off", "pickle data was truncated",
     [](LegacyFile& file) { file.object.resize(40); file.keys.clear(); file.storages.clear(); }, "container.truncated",
     "object pickle: "},
};

}  // namespace

TEST_CASE("legacy streams are taken and refused as torch 1.13 does it") {
  for (const auto& row : k_legacy_cases) {
    INFO(row.name << ", torch: " << row.torch);
    auto file = legacy_file();
    row.change(file);
    const auto artifact = inspected(file.build());
    CHECK(artifact.format.id == "torch-legacy");
    if (std::string_view(row.id).empty()) {
      CHECK(told(artifact) == std::vector<std::string>{});
      CHECK(tensor_named(artifact, "a")->stats->max == Number(5.0));
      CHECK(tensor_named(artifact, "b")->stats->max == Number(std::int64_t{2}));
    } else {
      CHECK_THAT(message(artifact, row.id), Catch::Contains(row.words));
    }
  }
}

TEST_CASE("every byte of a legacy stream has a label, and a tail has none") {
  auto file = legacy_file();
  file.storages += "tail";
  CHECK(labels_of(inspected(file.build())) ==
        std::vector<std::string>{"magic pickle", "protocol version", "system info", "object pickle", "storage keys",
                                 "storage size", "storage 100", "storage size", "storage 200", "not claimed"});
}

TEST_CASE("the magic integer is known in every protocol") {
  const std::string ten("\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 11);
  for (const auto& magic : {"L119547037146038801333356L\n.", "L119547037146038801333356\n."}) {
    auto file = legacy_file();
    file.magic = magic;
    CHECK(inspected(file.build()).format.id == "torch-legacy");
  }
  auto framed = legacy_file();
  framed.magic = PickleBuilder().proto(4).op(pickle::Opcode::frame).le(13, 8).op(pickle::Opcode::long1).raw(ten).stop().string();
  CHECK(inspected(framed.build()).format.id == "torch-legacy");
}

TEST_CASE("a storage view is a part of its storage") {
  LegacyFile file;
  PickleBuilder view;
  view.mark().text("view").integer(2).integer(3).tuple();
  PickleBuilder object;
  file.object = legacy_tensor(object.proto(2), "FloatStorage", "100", 6, {3}, view).stop().string();
  file.keys = legacy_keys({"100"});
  file.storages = legacy_storage(6, six_floats());
  const auto artifact = inspected(file.build());
  REQUIRE(artifact.tensors.size() == 1);
  CHECK(artifact.tensors[0].stats->min == Number(2.0));
  CHECK(artifact.tensors[0].stats->max == Number(4.0));

  PickleBuilder outside;
  outside.mark().text("view").integer(5).integer(3).tuple();
  PickleBuilder bad;
  file.object = legacy_tensor(bad.proto(2), "FloatStorage", "100", 6, {3}, outside).stop().string();
  CHECK_THAT(message(inspected(file.build()), "tensor.malformed"),
             Catch::Contains("the storage view of 3 elements from 5 does not lie in storage \"100\" of 6"));
}

TEST_CASE("a listed key that comes twice is said, and the later bytes count") {
  auto file = legacy_file();
  file.keys = legacy_keys({"100", "100", "200"});
  file.storages.insert(0, legacy_storage(6, floats({9, 9, 9, 9, 9, 9})));
  const auto artifact = inspected(file.build());
  CHECK_THAT(message(artifact, "torch.repeated-storage-key"), Catch::Contains("torch keeps the later bytes"));
  CHECK(tensor_named(artifact, "a")->stats->max == Number(5.0));
}

TEST_CASE("the five pickles are all judged") {
  auto file = legacy_file();
  file.system = PickleBuilder().proto(2).global("os", "getcwd").empty_tuple().reduce().stop().string();
  const auto artifact = inspected(file.build());
  REQUIRE(artifact.pickle);
  CHECK(artifact.pickle->verdict == PickleVerdict::dangerous);
  CHECK_FALSE(artifact.pickle->weights_only_loads);
}
