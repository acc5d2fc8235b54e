// SPDX-License-Identifier: Apache-2.0
#include "inspect/shards.hpp"

#include "inspect/conduct.hpp"
#include "inspect/readings.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace upinspect::inspecting {

namespace {

namespace fs = std::filesystem;

fs::path folder_of(const std::string& path) {
  const auto parent = fs::path(path).parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

/// True where the path leads to a file in the folder itself, whatever links stand in between.
bool stays_in(const fs::path& file, const fs::path& folder) {
  std::error_code error;
  const auto target = fs::canonical(file, error);
  return !error && target.parent_path() == fs::canonical(folder, error) && !error;
}

class ShardJoiner {
 public:
  ShardJoiner(model::Builder& builder, Origins& origins)
      : m_builder(builder), m_origins(origins), m_folder(folder_of(builder.artifact.path)) {}
  void run();

 private:
  void shard(const model::ShardClaim& claim);
  void take(const model::ShardClaim& claim, Inspected inspected);
  void compare(const model::ShardClaim& claim, const Artifact& shard);
  void note_extra_files();
  void check_total();

  model::Builder& m_builder;
  Origins& m_origins;
  fs::path m_folder;
  std::unordered_map<std::string, std::string> m_owner;    ///< by tensor, as the index says
  std::unordered_map<std::string, std::string> m_found_in; ///< by tensor, as the shards say
  bool m_complete = true;
  std::uint64_t m_dropped = 0;  ///< tensors that there was no memory for
};

void ShardJoiner::shard(const model::ShardClaim& claim) {
  const auto path = m_folder / claim.file;
  std::error_code error;
  if (!fs::exists(fs::symlink_status(path, error))) {
    m_complete = false;
    m_builder.find("index.missing-shard", Severity::error,
                   "the shard \"" + claim.file + "\" is not beside the index; " + std::to_string(claim.tensors.size()) +
                       " tensors are lost with it");
    return;
  }
  if (!stays_in(path, m_folder)) {
    m_complete = false;
    m_builder.find("index.unsafe-path", Severity::error,
                   "the shard \"" + claim.file + "\" is a link that leaves the folder, or leads nowhere; not followed");
    return;
  }
  try {
    take(claim, inspect_path(path.string(), m_builder.options(), Neighbours::whole_elsewhere));
  } catch (const InputError& problem) {
    m_complete = false;
    m_builder.find("index.missing-shard", Severity::error, "the shard \"" + claim.file + "\" cannot be read: " + problem.what());
  }
}

void ShardJoiner::take(const model::ShardClaim& claim, Inspected inspected) {
  auto& shard = inspected.artifact;
  const auto before = m_builder.artifact.tensors.size();
  compare(claim, shard);
  for (auto& finding : shard.findings) {
    finding.message.insert(0, claim.file + ": ");
    m_builder.artifact.findings.push_back(std::move(finding));
  }
  adopt_pickle(m_builder, shard.pickle);
  for (auto& tensor : shard.tensors) {
    // Once one is left out all that follow are: origins stand beside the tensors in the same order.
    if (m_dropped > 0 || !m_builder.budget.take(model::Builder::heap_of(tensor))) {
      ++m_dropped;
      continue;
    }
    tensor.location.entry = tensor.location.entry.empty() ? claim.file : claim.file + "/" + tensor.location.entry;
    m_builder.artifact.tensors.push_back(std::move(tensor));
  }
  inspected.origins.tensors.resize(m_builder.artifact.tensors.size() - before);
  m_origins.append_within(std::move(inspected.origins), m_builder.options().limits);
}

void ShardJoiner::compare(const model::ShardClaim& claim, const Artifact& shard) {
  std::unordered_set<std::string> there;
  for (const auto& tensor : shard.tensors) {
    there.insert(tensor.name);
    const auto [earlier, fresh] = m_found_in.try_emplace(tensor.name, claim.file);
    if (!fresh && earlier->second != claim.file) {
      m_builder.find("index.repeated-tensor", Severity::warning,
                     "the tensor is in \"" + earlier->second + "\" and in \"" + claim.file + "\"", std::nullopt, tensor.name);
    }
    const auto owner = m_owner.find(tensor.name);
    if (owner == m_owner.end()) {
      m_builder.find("index.unlisted-tensor", Severity::warning,
                     "the tensor is in \"" + claim.file + "\" but not in the index: loaders may leave it out", std::nullopt,
                     tensor.name);
    }
  }
  for (const auto& name : claim.tensors) {
    if (!there.contains(name)) {
      m_builder.find("index.missing-tensor", Severity::error,
                     "the index says that the tensor is in \"" + claim.file + "\", which does not hold it", std::nullopt, name);
    }
  }
}

/// Shards are numbered "-00001-of-00003"; files of the same series that the index does not name are told.
void ShardJoiner::note_extra_files() {
  std::set<std::string> named;
  for (const auto& claim : m_builder.shards) {
    named.insert(claim.file);
  }
  const auto is_shard = [](const std::string& name) {
    return name.find("-of-") != std::string::npos && (name.ends_with(".safetensors") || name.ends_with(".bin"));
  };
  std::set<std::string> extra;
  std::error_code error;
  for (fs::directory_iterator it(m_folder, error), end; !error && it != end; it.increment(error)) {
    const auto name = it->path().filename().string();
    if (is_shard(name) && !named.contains(name)) {
      extra.insert(name);
    }
  }
  for (const auto& name : extra) {
    m_builder.find("index.extra-shard", Severity::warning, "\"" + name + "\" lies beside the index, which does not name it");
  }
}

void ShardJoiner::check_total() {
  const auto* declared = m_builder.artifact.metadata.find("total_size");
  if (declared == nullptr || !m_complete) {
    return;
  }
  std::uint64_t total = 0;
  for (const auto& tensor : m_builder.artifact.tensors) {
    total += tensor.bytes;
  }
  const auto* number = std::get_if<std::int64_t>(&declared->data);
  if (number == nullptr || *number < 0 || static_cast<std::uint64_t>(*number) != total) {
    m_builder.find("index.total-size", Severity::warning,
                   "the index declares another total_size than the " + std::to_string(total) + " bytes of its tensors");
  }
}

void ShardJoiner::run() {
  for (const auto& claim : m_builder.shards) {
    for (const auto& tensor : claim.tensors) {
      m_owner.emplace(tensor, claim.file);
    }
  }
  for (const auto& claim : m_builder.shards) {
    shard(claim);
  }
  if (m_dropped > 0) {
    m_complete = false;
    m_builder.find("limit.reached", Severity::error, std::to_string(m_dropped) + " tensors of the shards are not listed" +
                                                         model::memory_allowed(m_builder.options().limits.memory));
  }
  note_extra_files();
  check_total();
}

bool is_weights(const std::string& name) {
  static constexpr const char* k_endings[] = {".safetensors", ".bin", ".pt", ".pth", ".npz", ".npy", ".ckpt", ".gguf"};
  return std::any_of(std::begin(k_endings), std::end(k_endings), [&name](const char* ending) { return name.ends_with(ending); });
}

}  // namespace

void join_shards(model::Builder& builder, Origins& origins) {
  if (!builder.shards.empty()) {
    ShardJoiner(builder, origins).run();
  }
}

void name_neighbours(model::Builder& builder) {
  if (builder.artifact.format.id != "adapter-config") {
    return;
  }
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder_of(builder.artifact.path), error), end; !error && it != end; it.increment(error)) {
    const auto name = it->path().filename().string();
    if (is_weights(name)) {
      names.insert(name);
    }
  }
  builder.detail("weights_beside_it", Value::Array(names.begin(), names.end()));
  if (names.empty()) {
    builder.find("config.no-weights", Severity::warning, "no weight file lies beside this configuration: alone it is no adapter");
  }
}

}  // namespace upinspect::inspecting
