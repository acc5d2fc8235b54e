// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "support/inspecting.hpp"
#include "support/torch_builder.hpp"

using namespace upinspect;
using namespace upinspect::test;

namespace {

std::string count(std::int64_t value) { return PickleBuilder().proto(2).integer(value).stop().string(); }

std::string header(std::int64_t key, const PickleBuilder& middle, std::string_view class_name) {
  return PickleBuilder().proto(2).mark().integer(key).raw(middle.string()).global("torch", class_name).tuple().stop().string();
}

std::string sizes(const std::vector<std::int64_t>& size, const std::vector<std::int64_t>& stride, std::int64_t offset) {
  std::string out = little(size.size(), 4) + little(0, 4);
  for (const auto value : size) {
    out += little(static_cast<std::uint64_t>(value), 8);
  }
  for (const auto value : stride) {
    out += little(static_cast<std::uint64_t>(value), 8);
  }
  return out + little(static_cast<std::uint64_t>(offset), 8);
}

/// One storage of six floats, a view of its last three, and a tensor over each.
struct TarFile {
  std::string storages = count(1) + header(10, PickleBuilder().text("cpu"), "FloatStorage") + little(6, 8) + six_floats() +
                         PickleBuilder().proto(2).empty_list().integers({11, 10, 3, 3}).append().stop().string();
  std::string tensors = count(2) + header(1, PickleBuilder().integer(10), "FloatTensor") + sizes({2, 3}, {3, 1}, 0) +
                        header(2, PickleBuilder().integer(11), "FloatTensor") + sizes({2}, {1}, 1);
  std::string object = PickleBuilder().proto(2).empty_dict().text("a").text("1").persistent().setitem().text("b").text("2")
                           .persistent().setitem().stop().string();

  [[nodiscard]] std::string build() const {
    std::string out = tar_member({"sys_info", count(0)}) + tar_member({"pickle", object}) + tar_member({"tensors", tensors});
    return out + tar_member({"storages", storages}) + std::string(1024, '\0');
  }
};

}  // namespace

TEST_CASE("a checkpoint of torch 0.1 is read in place") {
  const auto artifact = inspected(TarFile().build());
  CHECK(artifact.format.id == "torch-tar");
  CHECK(told(artifact, Severity::warning) == std::vector<std::string>{});
  CHECK(tensor_named(artifact, "a")->shape == std::vector<std::uint64_t>{2, 3});
  CHECK(tensor_named(artifact, "a")->stats->max == Number(5.0));
  CHECK(tensor_named(artifact, "b")->stats->min == Number(4.0));
  CHECK(artifact.coverage.gaps == 0);
  CHECK(artifact.coverage.overlapped == 0);
  CHECK_FALSE(artifact.pickle->weights_only_loads);
}

TEST_CASE("what is wrong in the tables is told where it stands") {
  TarFile beyond;
  beyond.tensors = count(1) + header(1, PickleBuilder().integer(10), "FloatTensor") + sizes({7}, {1}, 0);
  CHECK(message(inspected(beyond.build()), "tensor.malformed") == "the view reaches element 6 of a storage of 6");
  CHECK(message(inspected(beyond.build()), "torch.missing-storage") == "the key 2 is in no table; torch refuses the file");

  TarFile large;
  large.storages = count(1) + header(10, PickleBuilder().text("cpu"), "FloatStorage") + little(1ULL << 61, 8) + six_floats();
  CHECK_THAT(message(inspected(large.build()), "container.truncated"), Catch::Contains("storage 10: needs"));

  TarFile many;
  many.storages = count(std::int64_t{1} << 60);
  CHECK_THAT(message(inspected(many.build()), "container.truncated"), Catch::Contains("storage header: there are no bytes"));

  TarFile deep;
  deep.tensors = count(1) + header(1, PickleBuilder().integer(10), "FloatTensor") + little(1U << 30, 4) + little(0, 4);
  CHECK_THAT(message(inspected(deep.build()), "container.malformed"), Catch::Contains("1073741824 are more than torch allows, 64"));
}

TEST_CASE("an archive without the tables is a tar archive and nothing more") {
  const auto artifact = inspected(tar_member({"weights.bin", "x"}) + std::string(1024, '\0'), "x.tar");
  CHECK(artifact.format.id == "tar");
}

TEST_CASE("a tar archive whose first name is a zip's magic is a tar archive") {
  const auto artifact = inspected(tar_member({"PK\x03\x04x", "abc"}) + std::string(1024, '\0'), "x.tar");
  CHECK(artifact.format.id == "tar");
}
