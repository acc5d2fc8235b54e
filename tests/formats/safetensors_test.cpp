// SPDX-License-Identifier: Apache-2.0
#include "support/inspecting.hpp"

#include "support/catch.hpp"

using namespace upinspect;
using namespace upinspect::test;

namespace {

/// A file with this header, padded with spaces to a multiple of eight bytes, and `data_bytes` zeros.
std::string safetensors(std::string header, std::size_t data_bytes) {
  header.append((8 - header.size() % 8) % 8, ' ');
  std::string file;
  for (unsigned i = 0; i < 8; ++i) {
    file.push_back(static_cast<char>(header.size() >> (8 * i) & 0xff));
  }
  return file + header + std::string(data_bytes, '\0');
}

}  // namespace

TEST_CASE("a tensor at no multiple of its element size is called misaligned, with its offset") {
  const auto artifact = inspected(safetensors(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                              R"("b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})", 6));
  REQUIRE(message(artifact, "safetensors.misaligned-data") != "");
  for (const auto& finding : artifact.findings) {
    if (finding.id == "safetensors.misaligned-data") {
      CHECK(finding.offset == artifact.size - 4);
      CHECK(finding.tensor == "b");
    }
  }
}

TEST_CASE("a tensor that lies behind the end is not called misaligned") {
  const auto artifact = inspected(safetensors(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                              R"("b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})", 2));
  CHECK(message(artifact, "safetensors.misaligned-data") == "");
  CHECK(told(artifact) != std::vector<std::string>());
}
