// SPDX-License-Identifier: Apache-2.0
// The shared GGUF vectors: ggml's verdict and ours, and whether ours names the cause. They lie in the folder that
// UPINSPECT_SHARED names; without it there is nothing to compare with.
#include "support/catch.hpp"
#include "support/soundness.hpp"
#include "upinspect/inspect.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace upinspect;

namespace {

/// What ggml says of a file it refuses, and what must stand in an error of ours then. The first match decides.
constexpr std::array<std::pair<std::string_view, std::string_view>, 29> k_causes{{
    {"GGUFv1 is no longer supported", "GGUFv1 is no longer supported"},
    {"this GGUF file is version 4", "this GGUF file is version 4"},
    {"this GGUF file is version 65539", "this GGUF file is version 65539"},
    {"bad GGUF version: 0", "bad GGUF version: 0"},
    {"version 50331648 is extremely large", "version 50331648 is extremely large"},
    {"invalid magic characters: 'FUGG'", "invalid magic characters: 'FUGG'"},
    {"failed to read magic", "magic: needs 4 bytes"},
    {"number of tensors is -1", "number of tensors: is -1"},
    {"number of key value pairs is 4611686018427387904", "number of key value pairs: is 4611686018427387904"},
    {"number of key value pairs is -1", "number of key value pairs: is -1"},
    {"key 0 is empty", "key is empty"},
    {"duplicate key 'a'", "duplicate key 'a'"},
    {"string length 9223372036854775808 exceeds", "string length 9223372036854775808 exceeds"},
    {"string length 1073741825 exceeds", "string length 1073741825 exceeds"},
    {"invalid GGUF type", "invalid GGUF type"},
    {"is not a power of 2", "is not a power of 2"},
    {"must be of type u32", "'general.alignment' must be of type u32 but is"},
    {"tensor name 0 is too long", "tensor name 0 is too long: 64 >= 64"},
    {"duplicate tensor name", "duplicate tensor name 'a' for tensors 0 and 1"},
    {"invalid number of dimensions", "has invalid number of dimensions: 5 > 4"},
    {"dimension 0 has invalid number of elements", "dimension 0 has invalid number of elements: -8 < 0"},
    {"has a size in bytes >", "size in bytes"},
    {"invalid ggml type", "invalid ggml type"},
    {"not a multiple of block size", "not a multiple of block size"},
    {"has 8 element", "has 8 elements per row"},
    {"total number of elements", "total number of elements is >= 9223372036854775807"},
    {"has 33 elements per row", "has 33 elements per row"},
    {"has 16 elements per row", "has 16 elements per row"},
    {"has 32 elements pe", "has 32 elements per row"},
}};

/// The same where ggml's words are more general than the cause: by file.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> k_causes_by_file{{
    {"10_hdr_only", "number of tensors: needs 8 bytes"},
    {"12_nt_huge", "number of tensors: 1099511627776 tensor infos cannot lie in"},
    {"24_arr_len_huge", "key 'a': array length"},
    {"25_arr_str_len_huge", "key 'a': array length"},
    {"29_val_trunc", "key 'a': value: needs 8 bytes"},
    {"30_align_2147483648", "failed to seek to the beginning of the data section"},
    {"62_hdr_unpadded", "failed to seek to the beginning of the data section"},
    {"66_ne_1_max", "total number of elements is >= 9223372036854775807"},
}};

struct Vector {
  std::string file;
  bool accepted;
  std::string said;
};

std::filesystem::path folder() {
  const char* shared = std::getenv("UPINSPECT_SHARED");
  return shared == nullptr ? std::filesystem::path() : std::filesystem::path(shared) / "vectors";
}

std::vector<Vector> vectors() {
  std::ifstream table(folder() / "EXPECTED.tsv");
  std::vector<Vector> found;
  for (std::string line; std::getline(table, line);) {
    const auto first = line.find('\t');
    const auto second = line.find('\t', first + 1);
    if (line.starts_with("gguf/") && second != std::string::npos) {
      found.push_back({line.substr(0, first), line.substr(first + 1, second - first - 1) == "accept", line.substr(second + 1)});
    }
  }
  return found;
}

/// ggml says "tensor 't' has offset 4, expected 0", and so do we.
std::string offset_clause(const std::string& said) {
  const auto start = said.find("tensor '");
  const auto end = said.find("expected ");
  return start < end && end != std::string::npos ? said.substr(start, end + 9 - start) : std::string();
}

std::string cause_of(const Vector& vector) {
  for (const auto& [file, ours] : k_causes_by_file) {
    if (vector.file.find(file) != std::string::npos) {
      return std::string(ours);
    }
  }
  for (const auto& [theirs, ours] : k_causes) {
    if (vector.said.find(theirs) != std::string::npos) {
      return std::string(ours);
    }
  }
  return offset_clause(vector.said);
}

}  // namespace

TEST_CASE("gguf: the shared vectors are judged as ggml judges them, for the same cause") {
  const auto all = vectors();
  if (all.empty()) {
    WARN("skipped: UPINSPECT_SHARED names no folder with vectors/EXPECTED.tsv");
    return;
  }
  CHECK(all.size() == 78);
  for (const auto& vector : all) {
    const auto artifact = inspect_file((folder() / vector.file).string());
    std::string errors;
    for (const auto& finding : artifact.findings) {
      // What an adapter's tensors mean is no affair of ggml's reader.
      const bool of_the_file = !finding.id.starts_with("lora.");
      errors += finding.severity == Severity::error && of_the_file ? finding.message + "\n" : "";
    }
    INFO(vector.file << ": ggml says " << vector.said << "\nwe say " << errors);
    CHECK(test::unsoundness(artifact, artifact.size) == "");
    CHECK(errors.empty() == vector.accepted);
    if (!vector.accepted) {
      REQUIRE_FALSE(cause_of(vector).empty());
      CHECK(errors.find(cause_of(vector)) != std::string::npos);
    }
  }
}
