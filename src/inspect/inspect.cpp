// SPDX-License-Identifier: Apache-2.0
#include "inspect/conduct.hpp"

#include "analysis/rule.hpp"
#include "bytes/source.hpp"
#include "formats/format.hpp"
#include "inspect/adapters.hpp"
#include "inspect/digests.hpp"
#include "inspect/members.hpp"
#include "inspect/readings.hpp"
#include "inspect/shards.hpp"
#include "inspect/stated_hashes.hpp"
#include "inspect/triad.hpp"
#include "lora/training.hpp"
#include "measure/file_pass.hpp"

#include <algorithm>
#include <tuple>

namespace upinspect {

namespace {

/// A web page has no tensors either, but that is no content to identify.
bool is_read(const Artifact& artifact) {
  const auto* format = formats::find_format(artifact.format.id);
  return format != nullptr && format->reach == formats::Reach::read;
}

bool earlier(const Finding& a, const Finding& b) {
  const auto at = a.offset.value_or(UINT64_MAX);
  const auto other = b.offset.value_or(UINT64_MAX);
  return std::tie(at, a.id, a.tensor) < std::tie(other, b.id, b.tensor);
}

}  // namespace

namespace inspecting {

void sort_findings(std::vector<Finding>& findings) { std::stable_sort(findings.begin(), findings.end(), earlier); }

Inspected inspect_source(const SharedSource& source, const std::string& path, const InspectOptions& options,
                         Neighbours neighbours) {
  model::Builder builder(*source, options, path);
  read_best(builder);
  if (options.depth == Depth::full) {
    look_into_members(builder);
  }
  builder.artifact.coverage = std::move(builder.coverage).build(source->size(), builder.artifact.tensors);
  if (options.depth == Depth::full) {
    measure::read_data(builder, builder.artifact.coverage);
    name_gap_contents(builder);
  }
  builder.artifact.training = lora::training_summary(builder.artifact.metadata);
  check_stated_hashes(builder);
  analysis::judge(builder);
  auto origins = origins_of(builder, source);
  if (neighbours == Neighbours::followed) {
    join_shards(builder, origins);
    name_neighbours(builder);
  }
  if (neighbours != Neighbours::whole_elsewhere) {
    const auto config = neighbours == Neighbours::followed && !builder.artifact.tensors.empty() ? config_beside(builder) : std::nullopt;
    read_adapter(builder.artifact, origins, options, config ? &*config : nullptr);
  }
  if (neighbours == Neighbours::followed) {
    note_other_half(builder.artifact);
  }
  if (options.depth == Depth::full && options.tensor_sha256 && is_read(builder.artifact)) {
    builder.artifact.digests.content = content_digest(builder.artifact);
  }
  builder.close();
  sort_findings(builder.artifact.findings);
  return {std::move(builder.artifact), std::move(origins)};
}

Inspected inspect_path(const std::string& path, const InspectOptions& options, Neighbours neighbours) {
  return inspect_opened(std::make_shared<const bytes::FileSource>(path), path, options, neighbours);
}

Inspected inspect_opened(const SharedSource& source, const std::string& path, const InspectOptions& options, Neighbours neighbours) {
  auto inspected = inspect_source(source, path, options, neighbours);
  if (source->changed_since_opened()) {
    Finding finding;
    finding.id = "container.changed-while-read";
    finding.severity = Severity::error;
    finding.message = "the file was changed while it was read; figures may mix two states of it";
    inspected.artifact.findings.push_back(std::move(finding));
  }
  return inspected;
}

}  // namespace inspecting

using inspecting::Neighbours;

Artifact inspect_file(const std::string& path, const InspectOptions& options) {
  return inspecting::inspect_path(path, options, Neighbours::followed).artifact;
}

Artifact inspect_stream(int descriptor, const std::string& name, const InspectOptions& options, std::uint64_t limit) {
  const inspecting::SharedSource source = bytes::spool(descriptor, name, limit, options.stop);
  return inspecting::inspect_source(source, name, options, Neighbours::ignored).artifact;
}

Artifact inspect_bytes(const std::string& name, const void* data, std::size_t size, const InspectOptions& options) {
  const auto source = std::make_shared<const bytes::MemorySource>(std::span(static_cast<const std::byte*>(data), size));
  return inspecting::inspect_source(source, name, options, Neighbours::ignored).artifact;
}

const char* version() noexcept { return UPINSPECT_VERSION; }

}  // namespace upinspect
