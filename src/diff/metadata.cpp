// SPDX-License-Identifier: Apache-2.0
#include "diff/metadata.hpp"

#include <map>

namespace upinspect::diff {
namespace {

using Flat = std::vector<std::pair<std::string, Value>>;

void flatten(const Value& value, const std::string& path, Flat& out) {
  const auto* object = value.if_object();
  if (object == nullptr || (object->empty() && !path.empty())) {
    out.emplace_back(path, value);
    return;
  }
  for (const auto& [key, member] : *object) {
    flatten(member, path.empty() ? key : path + "." + key, out);
  }
}

/// A file may say a thing twice: each occurrence is a key of its own.
std::map<std::string, Value> numbered(const Flat& flat) {
  std::map<std::string, Value> result;
  for (const auto& [path, value] : flat) {
    auto key = path;
    for (int occurrence = 2; result.count(key) != 0; ++occurrence) {
      key = path + "#" + std::to_string(occurrence);
    }
    result.emplace(key, value);
  }
  return result;
}

}  // namespace

void compare_metadata(const Value& before, const Value& after, Difference& difference) {
  Flat old_flat;
  Flat new_flat;
  flatten(before, "", old_flat);
  flatten(after, "", new_flat);
  const auto old_keys = numbered(old_flat);
  const auto new_keys = numbered(new_flat);
  for (const auto& [key, value] : old_keys) {
    const auto found = new_keys.find(key);
    if (found == new_keys.end()) {
      difference.metadata_removed.emplace_back(key, value);
    } else if (!(found->second == value)) {
      difference.metadata_changed.push_back({key, value, found->second});
    }
  }
  for (const auto& [key, value] : new_keys) {
    if (old_keys.count(key) == 0) {
      difference.metadata_added.emplace_back(key, value);
    }
  }
}

}  // namespace upinspect::diff
