// SPDX-License-Identifier: Apache-2.0
// lock   = { "schema": "upinspect.lock/1", "files": [ file... ] }
// file   = { "path", "size", "sha256", "format", "content"?, "metadata"?, "tensors": [ tensor... ] }
// tensor = { "name", "dtype", "shape": [size...], "sha256"? }
// A text that is not UTF-8 has its bytes in "<key>_hex" beside it.
#include "integrity/listed_path.hpp"
#include "integrity/members.hpp"
#include "integrity/whole_text.hpp"

#include <set>
#include <string_view>

namespace upinspect {

namespace {

using integrity::Members;

constexpr std::uint64_t k_largest_lock = std::uint64_t{256} << 20;
constexpr std::uint64_t k_lock_tree = std::uint64_t{1} << 30;

LockedTensor tensor_of(const Value& value, const std::string& place) {
  Members members(value, place);
  LockedTensor tensor;
  tensor.name = members.text("name");
  tensor.dtype = members.text("dtype");
  for (const auto& size : members.list("shape")) {
    tensor.shape.push_back(members.as_number(size, "shape"));
  }
  tensor.sha256 = members.sha256("sha256", false);
  members.done();
  return tensor;
}

LockedFile file_of(const Value& value, const std::string& place) {
  Members members(value, place);
  LockedFile file;
  file.path = members.text("path");
  if (const auto fault = integrity::fault_of_path(file.path, "the folder of the lock"); !fault.empty()) {
    members.refuse("path: \"" + file.path + "\" " + fault);
  }
  file.size = members.number("size");
  file.sha256 = members.sha256("sha256");
  file.format = members.text("format");
  file.content = members.sha256("content", false);
  file.metadata = members.sha256("metadata", false);
  const auto& tensors = members.list("tensors");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    file.tensors.push_back(tensor_of(tensors[i], place + ".tensors[" + std::to_string(i) + "]"));
  }
  members.done();
  return file;
}

}  // namespace

std::vector<LockedFile> read_lock(const std::string& path) {
  const auto value = integrity::parsed_json(path, k_largest_lock, k_lock_tree);
  Members members(value, path);
  if (const auto schema = members.text("schema"); schema != "upinspect.lock/1") {
    members.refuse("schema: expected \"upinspect.lock/1\", found \"" + schema + "\"");
  }
  std::vector<LockedFile> files;
  std::set<std::string> seen;
  const auto& list = members.list("files");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto place = path + ": files[" + std::to_string(i) + "]";
    files.push_back(file_of(list[i], place));
    if (!seen.insert(files.back().path).second) {
      throw ExpectationError(place + ": path: \"" + files.back().path + "\" stands twice");
    }
  }
  members.done();
  return files;
}

}  // namespace upinspect
