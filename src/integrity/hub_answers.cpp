// SPDX-License-Identifier: Apache-2.0
// What the Hugging Face Hub says of the files of a repository, saved as it came; keys that are not named here are passed over.
//
// model = { "siblings": [ { "rfilename", "size"?, "blobId"?, "lfs"?: { "sha256", "size"? } }... ] }     /api/models/REPO?blobs=true
// tree  = [ { "type": "file" | "directory", "path", "size"?, "oid", "lfs"?: { "oid", "size"? } }... ]    /api/models/REPO/tree/REVISION
//
// `blobId` and `oid` name the content as git does. Where there is `lfs` they are those of its pointer, and SHA-256 counts.
#include "integrity/listed_path.hpp"
#include "integrity/members.hpp"

#include <set>

namespace upinspect {

namespace {

using integrity::Members;

constexpr std::uint64_t k_largest_answer = std::uint64_t{64} << 20;
constexpr std::uint64_t k_answer_tree = std::uint64_t{512} << 20;

/// The names that the two answers have for the same things.
struct HubKeys {
  const char* path;
  const char* blob;
  const char* sha256;
};
constexpr HubKeys k_model_keys{"rfilename", "blobId", "sha256"};
constexpr HubKeys k_tree_keys{"path", "oid", "oid"};

/// True where the member is there and is not null.
const Value* told(Members& members, const char* key) {
  const auto* value = members.if_any(key);
  return value == nullptr || std::holds_alternative<std::nullptr_t>(value->data) ? nullptr : value;
}

void read_lfs(const Value& value, const std::string& place, const HubKeys& keys, Expectation& expected) {
  constexpr std::string_view k_kind = "sha256:";
  Members members(value, place + ".lfs");
  auto digits = members.text(keys.sha256);
  digits = digits.starts_with(k_kind) ? digits.substr(k_kind.size()) : digits;
  if (!integrity::is_sha256(digits)) {
    members.refuse(std::string(keys.sha256) + ": expected a SHA-256, 64 hex digits");
  }
  expected.sha256 = digits;
  expected.size = members.number_if_any("size");
}

Expectation hub_file(Members& members, const HubKeys& keys) {
  Expectation expected;
  expected.path = members.text(keys.path);
  if (const auto fault = integrity::fault_of_path(expected.path, "the folder of the download"); !fault.empty()) {
    members.refuse(std::string(keys.path) + ": \"" + expected.path + "\" " + fault);
  }
  const auto* size = told(members, "size");
  expected.size = size == nullptr ? std::nullopt : std::optional(members.as_number(*size, "size"));
  if (const auto* lfs = told(members, "lfs")) {
    read_lfs(*lfs, members.place(), keys, expected);
    return expected;
  }
  if (!members.has(keys.blob)) {
    members.refuse("has neither lfs nor " + std::string(keys.blob) + ": save the answer to /api/models/REPO?blobs=true");
  }
  expected.git_blob = members.text(keys.blob);
  if (!integrity::is_hex(expected.git_blob, 40)) {
    members.refuse(std::string(keys.blob) + ": expected 40 hex digits");
  }
  return expected;
}

bool is_folder(Members& members) {
  const auto type = members.text("type");
  if (type != "file" && type != "directory") {
    members.refuse("type: expected \"file\" or \"directory\", found \"" + type + "\"");
  }
  return type == "directory";
}

}  // namespace

std::vector<Expectation> read_hub_answer(const std::string& path) {
  const auto value = integrity::parsed_json(path, k_largest_answer, k_answer_tree);
  const bool is_tree = value.if_array() != nullptr;
  std::optional<Members> model;
  if (!is_tree) {
    model.emplace(value, path);
  }
  const auto& list = is_tree ? *value.if_array() : model->list("siblings");
  std::vector<Expectation> out;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Members members(list[i], path + (is_tree ? "" : ": siblings") + "[" + std::to_string(i) + "]");
    if (is_tree && is_folder(members)) {
      continue;
    }
    out.push_back(hub_file(members, is_tree ? k_tree_keys : k_model_keys));
    if (!seen.insert(out.back().path).second) {
      members.refuse("\"" + out.back().path + "\" stands twice");
    }
  }
  if (out.empty()) {
    throw ExpectationError(path + ": names no file");
  }
  return out;
}

}  // namespace upinspect
