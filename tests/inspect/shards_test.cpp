// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "upinspect/inspect.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace upinspect;
namespace fs = std::filesystem;

namespace {

/// A folder that goes away with the test.
class ShardFolder {
 public:
  ShardFolder() : m_path(fs::temp_directory_path() / ("upinspect-shards-" + std::to_string(::getpid()))) {
    fs::remove_all(m_path);
    fs::create_directories(m_path);
  }
  ~ShardFolder() { fs::remove_all(m_path); }
  ShardFolder(const ShardFolder&) = delete;
  ShardFolder& operator=(const ShardFolder&) = delete;

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(m_path / name, std::ios::binary) << content;
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return m_path / name; }

 private:
  fs::path m_path;
};

/// A safetensors file with one tensor of two bytes.
std::string shard(const std::string& tensor) {
  const auto header = "{\"" + tensor + "\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}";
  std::string length(8, '\0');
  length[0] = static_cast<char>(header.size());
  return length + header + "\x01\x02";
}

std::string index_of(const std::string& map) {
  return "{\"metadata\":{\"total_size\":4},\"weight_map\":{" + map + "}}";
}

bool finds(const Artifact& artifact, const std::string& id) {
  return std::any_of(artifact.findings.begin(), artifact.findings.end(),
                     [&id](const Finding& finding) { return finding.id == id; });
}

constexpr const char* k_two = R"("a":"m-00001-of-00002.safetensors","b":"m-00002-of-00002.safetensors")";

}  // namespace

TEST_CASE("an index and its shards are one artifact") {
  const ShardFolder folder;
  folder.write("m-00001-of-00002.safetensors", shard("a"));
  folder.write("m-00002-of-00002.safetensors", shard("b"));
  folder.write("m.safetensors.index.json", index_of(k_two));
  InspectOptions options;
  options.tensor_sha256 = true;
  const auto artifact = inspect_file(folder.path("m.safetensors.index.json").string(), options);
  CHECK(artifact.format.id == "safetensors-index");
  REQUIRE(artifact.tensors.size() == 2);
  CHECK(artifact.tensors[1].name == "b");
  CHECK(artifact.tensors[1].location.entry == "m-00002-of-00002.safetensors");
  CHECK(artifact.tensors[1].stats->max == Number(std::uint64_t{2}));
  CHECK(artifact.digests.content);
  CHECK(artifact.findings.empty());
}

TEST_CASE("what an index and its shards disagree about is told") {
  const ShardFolder folder;
  folder.write("m-00001-of-00002.safetensors", shard("other"));
  folder.write("m-00003-of-00002.safetensors", shard("c"));
  folder.write("m.safetensors.index.json", index_of(k_two));
  const auto artifact = inspect_file(folder.path("m.safetensors.index.json").string());
  CHECK(finds(artifact, "index.missing-shard"));
  CHECK(finds(artifact, "index.missing-tensor"));
  CHECK(finds(artifact, "index.unlisted-tensor"));
  CHECK(finds(artifact, "index.extra-shard"));
}

TEST_CASE("a shard outside of the folder is never opened") {
  const ShardFolder folder;
  const ShardFolder* outside = &folder;
  fs::create_directory(outside->path("inner"));
  folder.write("secret.safetensors", shard("a"));
  fs::create_symlink("../secret.safetensors", folder.path("inner/link.safetensors"));
  folder.write("inner/m.safetensors.index.json", index_of(R"("a":"../secret.safetensors","b":"link.safetensors")"));
  const auto artifact = inspect_file(folder.path("inner/m.safetensors.index.json").string());
  CHECK(artifact.tensors.empty());
  CHECK(std::count_if(artifact.findings.begin(), artifact.findings.end(),
                      [](const Finding& finding) { return finding.id == "index.unsafe-path"; }) == 2);
}

TEST_CASE("an index that names itself is read once") {
  const ShardFolder folder;
  folder.write("m.safetensors.index.json", index_of(R"("a":"m.safetensors.index.json","b":"x.safetensors")"));
  const auto artifact = inspect_file(folder.path("m.safetensors.index.json").string());
  CHECK(artifact.tensors.empty());
  CHECK(finds(artifact, "index.missing-tensor"));
}

TEST_CASE("an adapter's configuration names the weights beside it") {
  const ShardFolder folder;
  folder.write("adapter_config.json", R"({"peft_type":"LORA","r":8,"lora_alpha":16})");
  const auto path = folder.path("adapter_config.json").string();
  CHECK(finds(inspect_file(path), "config.no-weights"));
  folder.write("adapter_model.safetensors", shard("a"));
  const auto artifact = inspect_file(path);
  CHECK(artifact.format.id == "adapter-config");
  CHECK(*artifact.format.detail.find("weights_beside_it") == Value(Value::Array{"adapter_model.safetensors"}));
  CHECK(*artifact.metadata.find("lora_alpha") == Value(16));
  CHECK(artifact.findings.empty());
}
