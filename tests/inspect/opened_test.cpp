// SPDX-License-Identifier: Apache-2.0
#include "inspect/opened.hpp"

#include "bytes/digest.hpp"
#include "model/builder.hpp"
#include "support/catch.hpp"
#include "support/npy_builder.hpp"
#include "support/source_folder.hpp"
#include "support/zip_builder.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace upinspect;
using inspecting::Opened;
namespace fs = std::filesystem;

namespace {

/// A folder that goes away with the test.
class OpenedFolder {
 public:
  OpenedFolder() : m_path(fs::temp_directory_path() / ("upinspect-opened-" + std::to_string(::getpid()))) {
    fs::remove_all(m_path);
    fs::create_directories(m_path);
  }
  ~OpenedFolder() { fs::remove_all(m_path); }
  OpenedFolder(const OpenedFolder&) = delete;
  OpenedFolder& operator=(const OpenedFolder&) = delete;

  [[nodiscard]] std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(m_path / name, std::ios::binary) << content;
    return (m_path / name).string();
  }

 private:
  fs::path m_path;
};

InspectOptions with_digests() {
  InspectOptions options;
  options.tensor_sha256 = true;
  options.jobs = 1;
  return options;
}

/// Compares each tensor's streamed bytes with the digests of the measuring pass; returns how many were compared.
std::size_t compare(const std::string& path) {
  const auto measured = inspect_file(path, with_digests());
  Opened opened(path);
  if (opened.artifact().tensors.size() != measured.tensors.size()) {
    // A zip archive without its directory is looked through only where everything is read.
    REQUIRE(std::any_of(opened.artifact().findings.begin(), opened.artifact().findings.end(),
                        [](const Finding& finding) { return finding.severity == Severity::error; }));
    opened = Opened(path, with_digests());
  }
  REQUIRE(opened.artifact().tensors.size() == measured.tensors.size());
  std::size_t compared = 0;
  for (std::size_t i = 0; i < measured.tensors.size(); ++i) {
    const auto& tensor = measured.tensors[i];
    CAPTURE(path, tensor.name, tensor.unread);
    if (!tensor.digests.sha256) {
      REQUIRE_THROWS_AS(opened.stream(i, [](std::span<const std::byte>) {}), InputError);
      continue;
    }
    bytes::Sha256 sha256;
    std::uint64_t bytes = 0;
    const auto unit = std::max<std::size_t>(info(tensor.dtype).block_bytes, 1);
    opened.stream(i, [&](std::span<const std::byte> piece) {
      REQUIRE(piece.size() % unit == 0);
      sha256.add(piece);
      bytes += piece.size();
    });
    REQUIRE(bytes == tensor.bytes);
    REQUIRE(sha256.hex() == *tensor.digests.sha256);
    REQUIRE(opened.load(i, bytes).size() == bytes);
    ++compared;
  }
  return compared;
}

std::size_t compare_all(const fs::path& folder) {
  std::size_t compared = 0;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (file.is_regular_file()) {
      compared += compare(file.path().string());
    }
  }
  return compared;
}

std::string failure(const Opened& opened, std::size_t index) {
  try {
    opened.stream(index, [](std::span<const std::byte>) {});
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

/// A safetensors file with one tensor of `size` bytes whose header says `claimed`.
std::string safetensors(const std::string& name, std::size_t size, std::size_t claimed) {
  const auto header = "{\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" + std::to_string(claimed) +
                      "],\"data_offsets\":[0," + std::to_string(claimed) + "]}}";
  std::string data;
  for (std::size_t i = 0; i < size; ++i) {
    data.push_back(static_cast<char>(i * 37 % 251));
  }
  return test::little(header.size(), 8) + header + data;
}

}  // namespace

TEST_CASE("the bytes of every sample's tensors are those that were measured") {
  CHECK(compare_all(test::source_folder() / "testdata") > 150);
}

TEST_CASE("the bytes of real adapters' tensors are those that were measured") {
  const char* told = std::getenv("UPINSPECT_SHARED");
  const auto real = (told != nullptr ? fs::path(told) : test::source_folder().parent_path() / "shared") / "real";
  if (fs::exists(real)) {
    CHECK(compare_all(real) > 500);
  }
}

TEST_CASE("deflated, column-major and big-endian at once") {
  const OpenedFolder folder;
  test::NpyBuilder array;
  array.descr = "'>i2'";
  array.order = "True";
  array.shape = "(300, 1000)";
  array.data.clear();
  for (unsigned column = 0; column < 1000; ++column) {
    for (unsigned row = 0; row < 300; ++row) {
      const auto value = (row * 1000 + column) % 30000;
      array.data += {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
    }
  }
  test::ZipBuilder zip;
  zip.add("a.npy", array.build()).deflate();
  const auto path = folder.write("a.npz", zip.build());
  const Opened opened(path);
  REQUIRE(opened.artifact().tensors.size() == 1);
  CHECK(opened.artifact().tensors[0].location.packing == Packing::deflated);
  const auto bytes = opened.load(0, 1 << 20);
  REQUIRE(bytes.size() == 600000);
  for (unsigned i = 0; i < 300000; ++i) {
    const auto value = std::to_integer<unsigned>(bytes[2 * i]) | std::to_integer<unsigned>(bytes[2 * i + 1]) << 8;
    REQUIRE(value == i % 30000);
  }
  CHECK(compare(path) == 1);
}

TEST_CASE("a tensor in a shard is read from its shard") {
  const OpenedFolder folder;
  static_cast<void>(folder.write("m-00001-of-00002.safetensors", safetensors("a", 2000, 2000)));
  static_cast<void>(folder.write("m-00002-of-00002.safetensors", safetensors("b", 3, 3)));
  const auto path = folder.write("m.safetensors.index.json",
                                 R"({"metadata":{"total_size":2003},"weight_map":{"a":"m-00001-of-00002.safetensors",)"
                                 R"("b":"m-00002-of-00002.safetensors"}})");
  CHECK(compare(path) == 2);
  const Opened opened(path);
  CHECK(opened.load(1, 3) == std::vector<std::byte>{std::byte{0}, std::byte{37}, std::byte{74}});
}

TEST_CASE("several threads read one file") {
  const OpenedFolder folder;
  test::ZipBuilder zip;
  test::NpyBuilder array;
  array.shape = "(200000,)";
  array.data = safetensors("", 800000, 0).substr(0, 800000);
  zip.add("a.npy", array.build()).deflate();
  zip.add("b.npy", array.build());
  const Opened opened(folder.write("a.npz", zip.build()));
  const auto expected = opened.load(0, 1 << 20);
  std::atomic<int> equal = 0;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] { equal += opened.load(i % 2, 1 << 20) == expected ? 1 : 0; });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(equal == 4);
}

TEST_CASE("what cannot be read says why") {
  const OpenedFolder folder;
  const Opened cut(folder.write("cut.safetensors", safetensors("t", 10, 16)));
  REQUIRE(cut.artifact().tensors.size() == 1);
  CHECK(failure(cut, 0) == "the tensor \"t\" cannot be read: only 10 of its 16 bytes are there");
  CHECK_THROWS_WITH(Opened(folder.write("x.safetensors", safetensors("t", 4, 4))).load(0, 3),
                    "the tensor \"t\" cannot be read: it has 4 bytes, more than the 3 allowed");

  test::ZipBuilder zip;
  test::NpyBuilder array;
  array.shape = "(5000,)";
  for (unsigned i = 0; i < 20000; ++i) {
    array.data.push_back(static_cast<char>(i * i % 253));
  }
  array.data.resize(20000);
  auto& item = zip.add("a.npy", array.build()).deflate();
  item.data[item.data.size() / 2] = static_cast<char>(item.data[item.data.size() / 2] ^ 0x55);
  for (std::size_t i = item.data.size() / 2; i < item.data.size(); ++i) {
    item.data[i] = '\xff';
  }
  const Opened damaged(folder.write("damaged.npz", zip.build()));
  REQUIRE(damaged.artifact().tensors.size() == 1);
  CHECK_THAT(failure(damaged, 0), Catch::Matchers::EndsWith(" bytes are there in its deflated entry"));
  CHECK_THROWS_AS(Opened("no such file"), InputError);
}

TEST_CASE("reading stops when it is told to") {
  const OpenedFolder folder;
  const std::atomic<bool> stop = true;
  const auto path = folder.write("a.safetensors", safetensors("a", 100, 100));
  auto options = Opened::headers_only();
  options.stop = &stop;
  const Opened opened(path, options);
  CHECK_THROWS_AS(opened.load(0, 100), Stopped);
}

TEST_CASE("a file that changes under the reader is noticed") {
  const OpenedFolder folder;
  const auto path = folder.write("a.safetensors", safetensors("a", 100, 100));
  const Opened opened(path);
  CHECK(!opened.changed_since_opened());
  static_cast<void>(folder.write("a.safetensors", safetensors("a", 101, 101)));
  CHECK(opened.changed_since_opened());
}
