// SPDX-License-Identifier: Apache-2.0
// safetensors-index, torch-index: which of several files beside it holds which tensor.
//
//   { "metadata": {"total_size": bytes, ...}, "weight_map": { tensor name : file name, ... } }
//
// A file name must be a bare one: loaders join it to the folder as it stands, so that "../x" would leave it.
#include "formats/json_text.hpp"

#include <algorithm>
#include <map>

namespace upinspect::formats::shard_index {

namespace {

Claim sniff_kind(const Probe& probe, bool safetensors) noexcept {
  const auto* object = probe.json_object();
  const bool index = object != nullptr && object->has("weight_map");
  return index && object->names_safetensors == safetensors ? Claim::certain : Claim::none;
}

bool is_bare(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

void add_entry(model::Builder& builder, std::map<std::string, std::vector<std::string>>& shards, const std::string& tensor,
               const Value& target) {
  const auto* file = target.if_string();
  if (file == nullptr) {
    builder.find("index.malformed-entry", Severity::error, "weight_map: expected a file name", std::nullopt, tensor);
  } else if (!is_bare(*file)) {
    builder.find("index.unsafe-path", Severity::error,
                 "weight_map leads to \"" + *file + "\", which is no bare file name: a loader would leave the folder; not followed",
                 std::nullopt, tensor);
  } else {
    shards[*file].push_back(tensor);
  }
}

}  // namespace

Claim sniff_safetensors(const Probe& probe) noexcept { return sniff_kind(probe, true); }
Claim sniff_torch(const Probe& probe) noexcept { return sniff_kind(probe, false); }

void read(const Probe&, model::Builder& builder) {
  auto value = read_json_object(builder);
  const auto* map = value.find("weight_map") == nullptr ? nullptr : value.find("weight_map")->if_object();
  if (map == nullptr) {
    bytes::Cursor::fail_at(0, "weight_map", "expected an object of file names");
  }
  std::map<std::string, std::vector<std::string>> shards;
  std::map<std::string, bool> seen;
  for (const auto& [tensor, target] : *map) {
    if (!seen.try_emplace(tensor, true).second) {
      builder.find("json.duplicate-key", Severity::warning, "the tensor stands twice in weight_map", std::nullopt, tensor);
    }
    add_entry(builder, shards, tensor, target);
  }
  builder.detail("mapped_tensors", static_cast<std::uint64_t>(map->size()));
  builder.detail("shards", static_cast<std::uint64_t>(shards.size()));
  for (auto& [file, tensors] : shards) {
    builder.shards.push_back(model::ShardClaim{file, std::move(tensors)});
  }
  if (const auto* metadata = value.find("metadata"); metadata != nullptr && metadata->if_object() != nullptr) {
    builder.artifact.metadata = *metadata;
  } else {
    builder.find("index.no-metadata", Severity::warning, "the index has no \"metadata\", which transformers asks for");
  }
}

}  // namespace upinspect::formats::shard_index
