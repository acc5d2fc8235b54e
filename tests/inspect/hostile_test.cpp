// SPDX-License-Identifier: Apache-2.0
// Every small sample of testdata, cut at every byte and damaged at every byte: nothing crashes, nothing is allocated
// out of proportion, every byte stays under a label, and what was cut never reads as clean.
#include "formats/format.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"
#include "support/soundness.hpp"
#include "support/source_folder.hpp"
#include "upinspect/inspect.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace upinspect;

namespace {

// Larger samples are damaged at every so-manieth byte, which keeps the whole in seconds, with sanitizers too.
constexpr std::size_t k_places = test::k_sanitized ? 40 : 600;
constexpr std::size_t k_stride = test::k_sanitized ? 105 : 7;
constexpr std::size_t k_most_memory = std::size_t{64} << 20;

// Of these a part is a whole again (text, bare numbers), or their content is not read at all.
const std::set<std::string> k_shapeless{"raw", "text", "html", "json", "unknown", "empty", "gzip", "xz", "zstd", "bzip2",
                                        "seven-zip", "rar", "hdf5", "onnx", "ggla", "ggml", "elf", "pe", "pdf", "png",
                                        "git-lfs-pointer", "tar", "zip"};

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> samples() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(test::source_folder() / "testdata")) {
    const auto folder = entry.path().parent_path().filename();
    if (entry.is_regular_file() && folder != "testdata" && folder != "__pycache__") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Artifact inspected(const fs::path& path, const std::string& content) {
  InspectOptions options;
  options.jobs = 1;
  return inspect_bytes(path.filename(), content.data(), content.size(), options);
}

/// A JSON text needs no line end. A stack of pickles cut between two of them is a smaller stack; a tar archive's readers stop at its first empty
/// block, and the fill after it is no loss.
bool is_whole_again(const fs::path& path, const std::string& whole, std::size_t length) {
  const bool only_fill = whole.find_first_not_of('\0', length) == std::string::npos;
  const bool only_line_end = path.extension() == ".json" && whole.find_first_not_of('\n', length) == std::string::npos;
  return only_line_end || path.filename() == "several.pkl" || (path.parent_path().filename() == "torch-tar" && only_fill);
}

std::size_t step_of(const std::string& content) { return content.size() / k_places + 1; }

// The largest allocation that an undamaged sample needs is what a damaged one may need too, and a little more.
void check(const fs::path& path, const std::string& content, const Artifact& artifact, const std::string& what) {
  const auto problem = test::unsoundness(artifact, content.size());
  if (!problem.empty() || test::largest_allocation() > k_most_memory) {
    FAIL_CHECK(path << " " << what << ": " << problem << "; largest allocation " << test::largest_allocation());
  }
}

}  // namespace

TEST_CASE("every sample is read soundly as it is") {
  REQUIRE(samples().size() > 50);
  for (const auto& path : samples()) {
    const auto content = content_of(path);
    INFO(path);
    CHECK(test::unsoundness(inspected(path, content), content.size()) == "");
    const std::string promised = path.parent_path().filename();
    if (formats::find_format(promised) != nullptr) {
      CHECK(inspected(path, content).format.id == promised);
    }
  }
}

TEST_CASE("a sample cut at any byte never reads as clean") {
  for (const auto& path : samples()) {
    const auto whole = content_of(path);
    const auto original = inspected(path, whole);
    const bool must_tell = k_shapeless.count(original.format.id) == 0 && !test::complains(original);
    for (std::size_t length = 0; length < whole.size(); length += step_of(whole)) {
      test::watch_allocations();
      const auto content = whole.substr(0, length);
      const auto artifact = inspected(path, content);
      check(path, content, artifact, "cut at " + std::to_string(length));
      if (must_tell && artifact.format.id == original.format.id && !test::complains(artifact) &&
          !is_whole_again(path, whole, length)) {
        FAIL_CHECK(path << " cut at " << length << " reads as clean");
      }
    }
  }
}

TEST_CASE("a sample with any one byte changed is read soundly") {
  for (const auto& path : samples()) {
    auto content = content_of(path);
    for (std::size_t at = 0; at < content.size(); at += step_of(content)) {
      for (const auto mask : {0xff, 0x01}) {
        const auto kept = content[at];
        content[at] = static_cast<char>(content[at] ^ mask);
        test::watch_allocations();
        check(path, content, inspected(path, content), "changed at " + std::to_string(at));
        content[at] = kept;
      }
    }
  }
}

TEST_CASE("a sample with a header of ones at any byte is read soundly") {
  for (const auto& path : samples()) {
    const auto whole = content_of(path);
    for (std::size_t at = 0; at < std::min<std::size_t>(whole.size(), 4096); at += k_stride) {
      auto content = whole;
      content.replace(at, 8, std::string(std::min<std::size_t>(8, whole.size() - at), '\xff'));
      test::watch_allocations();
      check(path, content, inspected(path, content), "ones at " + std::to_string(at));
    }
  }
}
