// SPDX-License-Identifier: Apache-2.0
// Changes to the archive around a healthy data.pkl, and what torch.load of 1.13 makes of them.
#include "support/catch.hpp"
#include "support/inspecting.hpp"
#include "support/torch_builder.hpp"

#include <functional>

using namespace upinspect;
using namespace upinspect::test;

namespace {

PickleBuilder archived_object() {
  return PickleBuilder().proto(2).empty_dict().text("a").tensor("FloatStorage", "0", 6, {6}, {1}).setitem().stop();
}

struct ArchiveCase {
  const char* name;
  const char* torch;
  std::function<void(ZipBuilder&)> change;
  const char* id;  ///< of an error; empty where torch takes it
  const char* words;
};

void set_version(ZipBuilder& zip, const std::string& text) {
  zip.items.pop_back();
  zip.add_torch("archive/version", text);
}

void rename_all(ZipBuilder& zip, const std::string& prefix) {
  for (auto& item : zip.items) {
    item.name = prefix + item.name.substr(std::string_view("archive/").size());
  }
}

const ArchiveCase k_archive_cases[] = {
    {"as written", "loads", [](ZipBuilder&) {}, "", ""},
    {"deflated", "loads", [](ZipBuilder& zip) { for (auto& item : zip.items) { item.deflate(); } }, "", ""},
    {"another prefix", "loads", [](ZipBuilder& zip) { rename_all(zip, "../"); }, "", ""},
    {"no folder", "file in archive is not in a subdirectory: data.pkl", [](ZipBuilder& zip) { rename_all(zip, ""); },
     "format.extension-mismatch", "not in a subdirectory: data.pkl"},
    {"another folder first", "Expected hasRecord(\"version\") to be true",
     [](ZipBuilder& zip) { auto& first = zip.add("other/x", "x"); zip.items.push_front(first); zip.items.pop_back(); },
     "format.extension-mismatch", "the content is zip archive"},
    {"a leading slash", "Expected hasRecord(\"version\") to be true", [](ZipBuilder& zip) { rename_all(zip, "/archive/"); },
     "format.extension-mismatch", "the content is zip archive"},
    {"another folder later", "file in archive is not in a subdirectory archive/: other/x",
     [](ZipBuilder& zip) { zip.add("other/x", "x"); }, "torch.outside-prefix", "archive/: other/x"},
    {"a short record", "loads, reading past the end", [](ZipBuilder& zip) { zip.items[1].data.resize(8); zip.items[1].unpacked = 8; },
     "torch.short-storage", "has 8 bytes; 24 are declared"},
    {"a missing record", "failed locating file data/0: file not found",
     [](ZipBuilder& zip) { zip.items.erase(zip.items.begin() + 1); }, "torch.missing-storage", "the storage \"0\" is not in the file"},
    {"version 0", "version 0, but the minimum supported version for reading is 1", [](ZipBuilder& zip) { set_version(zip, "0\n"); },
     "torch.version", "version: \"0\": torch reads versions 1 to 10"},
    {"version 1", "loads", [](ZipBuilder& zip) { set_version(zip, "1"); }, "", ""},
    {"version 10", "loads", [](ZipBuilder& zip) { set_version(zip, "10\n"); }, "", ""},
    {"version 11", "the maximum supported version for reading is 10", [](ZipBuilder& zip) { set_version(zip, "11\n"); },
     "torch.version", "\"11\""},
    {"version abc", "Couldn't parse the version abc as Long Long", [](ZipBuilder& zip) { set_version(zip, "abc"); },
     "torch.version", "torch cannot parse it as a number"},
    {"version ' 3'", "loads", [](ZipBuilder& zip) { set_version(zip, " 3"); }, "", ""},
    {"version 3junk", "loads", [](ZipBuilder& zip) { set_version(zip, "3junk"); }, "", ""},
    {"version -1", "the maximum supported version for reading is 10", [](ZipBuilder& zip) { set_version(zip, "-1"); },
     "torch.version", "\"-1\""},
    {"version empty", "Couldn't parse the version  as Long Long", [](ZipBuilder& zip) { set_version(zip, ""); },
     "torch.version", "torch cannot parse it as a number"},
    {"version 10^20 - 1", "IndexError: stoull", [](ZipBuilder& zip) { set_version(zip, "99999999999999999999"); },
     "torch.version", "torch cannot parse it as a number"},
    {"no version", "Expected hasRecord(\"version\") to be true", [](ZipBuilder& zip) { zip.items.pop_back(); },
     "torch.missing-record", "the archive has no archive/version"},
    {"encrypted in the directory", "unsupported encryption", [](ZipBuilder& zip) { zip.items[0].central.flags = 0x0809; },
     "zip.encrypted", "torch and zipfile refuse it"},
    {"another method in the directory", "unsupported method", [](ZipBuilder& zip) { zip.items[1].central.method = 99; },
     "torch.missing-storage", "the storage \"0\" cannot be read: its record archive/data/0 is packed with AES encryption"},
    {"bytes after it", "loads", [](ZipBuilder& zip) { zip.suffix = "tail"; }, "", ""},
    {"a byte order of capitals", "ValueError: Unknown endianness type (2.1 on)",
     [](ZipBuilder& zip) { zip.add_torch("archive/byteorder", "BIG"); }, "torch.unknown-byteorder", "found \"BIG\""},
};

}  // namespace

TEST_CASE("archives of torch are taken and refused as torch 1.13 does it") {
  for (const auto& row : k_archive_cases) {
    INFO(row.name << ", torch: " << row.torch);
    auto zip = torch_archive(archived_object());
    row.change(zip);
    const auto artifact = inspected(zip.build());
    INFO(Catch::StringMaker<std::vector<std::string>>::convert(told(artifact)));
    if (std::string_view(row.id).empty()) {
      REQUIRE(tensor_named(artifact, "a") != nullptr);
      CHECK(tensor_named(artifact, "a")->stats->max == Number(5.0));
      CHECK(artifact.format.id == "torch-zip");
    } else {
      CHECK_THAT(message(artifact, row.id), Catch::Contains(row.words));
    }
  }
}

TEST_CASE("a record longer than its storage hides bytes from every loader") {
  const auto artifact = inspected(torch_archive(archived_object(), {{"0", six_floats() + "hidden"}}).build());
  CHECK_THAT(message(artifact, "torch.long-storage"), Catch::Contains("has 30 bytes; only 24 are declared"));
  CHECK(told(artifact) == std::vector<std::string>{});
}

TEST_CASE("a big-endian archive's typed storages are swapped, untyped ones are not, as torch does it") {
  const std::string big("\0\0\0\0\x3f\x80\0\0\x40\0\0\0\x40\x40\0\0\x40\x80\0\0\x40\xa0\0\0", 24);
  auto zip = torch_archive(archived_object(), {{"0", big}});
  zip.add_torch("archive/byteorder", "big");
  CHECK(tensor_named(inspected(zip.build()), "a")->stats->max == Number(5.0));

  PickleBuilder object;
  object.proto(2).global("torch._utils", "_rebuild_tensor_v3").mark().storage("UntypedStorage", "0", 4, "cpu", "torch.storage");
  object.integer(0).integers({2}).integers({1}).boolean(false).empty_ordered_dict().global("torch", "uint16").tuple().reduce().stop();
  auto untyped = torch_archive(object, {{"0", std::string("\x01\x00\x02\x00", 4)}});
  untyped.add_torch("archive/byteorder", "big");
  const auto artifact = inspected(untyped.build());
  REQUIRE(artifact.tensors.size() == 1);
  CHECK(artifact.tensors[0].stats->max == Number(std::uint64_t{2}));
}
