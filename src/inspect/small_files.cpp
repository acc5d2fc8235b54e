// SPDX-License-Identifier: Apache-2.0
#include "inspect/small_files.hpp"

#include "bytes/sha256_lanes.hpp"
#include "inspect/conduct.hpp"

namespace upinspect::inspecting {

SmallFiles::SmallFiles(std::span<const std::string> paths, const InspectOptions& options) : m_options(options) {
  std::vector<std::span<const std::byte>> inputs;
  std::vector<bytes::LoadedFile*> sources;
  for (const auto& path : paths) {
    auto& file = m_files.emplace_back(One{path, nullptr, nullptr});
    try {
      file.source = std::make_shared<bytes::LoadedFile>(path, k_most_bytes);
    } catch (...) {
      file.failure = std::current_exception();
      continue;
    }
    if (const auto all = file.source->bytes(); all && options.sha256 && options.depth == Depth::full) {
      inputs.push_back(*all);
      sources.push_back(file.source.get());
    }
  }
  auto digests = bytes::sha256_of_each(inputs);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    sources[i]->set_sha256(std::move(digests[i]));
  }
}

Artifact SmallFiles::inspect(std::size_t index) const {
  const auto& file = m_files[index];
  if (file.failure) {
    std::rethrow_exception(file.failure);
  }
  return inspect_opened(file.source, file.path, m_options, Neighbours::followed).artifact;
}

}  // namespace upinspect::inspecting
