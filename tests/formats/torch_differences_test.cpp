// SPDX-License-Identifier: Apache-2.0
// What one reader of a torch archive sees and another does not.
#include "support/catch.hpp"
#include "support/inspecting.hpp"
#include "support/torch_builder.hpp"

using namespace upinspect;
using namespace upinspect::test;

namespace {

PickleBuilder plain_object() {
  return PickleBuilder().proto(2).empty_dict().text("a").tensor("FloatStorage", "0", 6, {6}, {1}).setitem().stop();
}

std::string acting() { return PickleBuilder().proto(2).global("os", "system").mark().text("id").tuple().reduce().stop().string(); }

Artifact quick(const std::string& file) {
  InspectOptions options;
  options.depth = Depth::headers;
  options.jobs = 1;
  return inspect_bytes("adapter.pt", file.data(), file.size(), options);
}

}  // namespace

TEST_CASE("every record that some reader takes for data.pkl is judged") {
  for (const auto* name : {"archive/data.pkl", "archive/DATA.PKL"}) {
    auto zip = torch_archive(plain_object());
    zip.add_torch(name, acting());
    const auto artifact = inspected(zip.build());
    INFO(name);
    REQUIRE(artifact.pickle);
    CHECK(artifact.pickle->verdict == PickleVerdict::dangerous);
    CHECK_FALSE(message(artifact, "torch.rival-record").empty());
  }
  auto by_local_name = torch_archive(plain_object());
  by_local_name.add_torch("archive/x", acting()).local.name = "archive/data.pkl";
  CHECK(inspected(by_local_name.build()).pickle->verdict == PickleVerdict::dangerous);
}

TEST_CASE("an archive that was changed does not fit its serialization id") {
  auto zip = torch_archive(plain_object());
  std::uint64_t combined = 0;
  for (const auto& item : zip.items) {
    combined ^= std::uint64_t{item.crc} + 0x9e3779b9U + (combined << 6U) + (combined >> 2U);
  }
  auto digits = std::to_string(combined);
  digits.insert(0, 20 - digits.size(), '0');
  zip.add_torch("archive/.data/serialization_id", "09958751749491932742" + digits);
  CHECK(message(inspected(zip.build()), "torch.serialization-id").empty());

  zip.items[1] = torch_archive(plain_object(), {{"0", floats({9, 9, 9, 9, 9, 9})}}).items[1];
  CHECK_THAT(message(inspected(zip.build()), "torch.serialization-id"), Catch::Contains("the archive was changed after torch wrote it"));
}

TEST_CASE("records that torch never reads are told") {
  auto zip = torch_archive(plain_object(), {{"0", six_floats()}, {"7", "nobody's"}});
  zip.add_torch("archive/.data/serialization_id", "x");
  zip.add_torch("archive/secret", "hidden");
  const auto artifact = inspected(zip.build());
  CHECK(message(artifact, "torch.unreferenced-record") == "the storage record \"archive/data/7\" belongs to no tensor");
  CHECK(message(artifact, "torch.unknown-record") == "\"archive/secret\" is no record of torch's: no loader reads it");
}

TEST_CASE("a cut archive is the same format at a quick look, and does not call lost what it did not look for") {
  const auto whole = torch_archive(plain_object(), {{"0", six_floats()}, {"1", std::string(3 << 20, 'w')}}).build();
  const auto file = whole.substr(0, whole.size() - 1000);
  const auto looked = quick(file);
  CHECK(looked.format.id == "torch-zip");
  CHECK(inspected(file).format.id == "torch-zip");
  CHECK(tensor_named(looked, "a") != nullptr);
  CHECK(message(looked, "torch.missing-storage").empty());
  CHECK_FALSE(message(looked, "zip.no-directory").empty());
}

TEST_CASE("a data.pkl that breaks off still says what it would have done") {
  auto zip = torch_archive(PickleBuilder().proto(2).raw(acting().substr(2, acting().size() - 3)).text("more").stop());
  const auto whole = zip.build();
  const auto artifact = inspected(whole.substr(0, whole.find("more") + 2));
  CHECK_FALSE(message(artifact, "torch.unreadable-record").empty());
  REQUIRE(artifact.pickle);
  CHECK(artifact.pickle->verdict == PickleVerdict::dangerous);
}

TEST_CASE("a pickle that is another program when it is read from a file is never called inert") {
  const std::string crossing("\x80\x04\x95\x07\0\0\0\0\0\0\0X\x03\0\0\0abc.", 20);
  const auto artifact = inspected(torch_archive(PickleBuilder().raw(crossing)).build());
  CHECK_THAT(message(artifact, "pickle.frame-crossed"), Catch::Contains("differently from a file than from memory"));
  CHECK(artifact.pickle->verdict == PickleVerdict::unknown);
}
