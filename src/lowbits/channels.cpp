// SPDX-License-Identifier: Apache-2.0
#include "lowbits/channels.hpp"

#include "bytes/parse_error.hpp"
#include "containers/zip.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

namespace upinspect::lowbits {
namespace {

/// Findings whose bytes no loader looks at. The gap after an archive is a region already.
constexpr std::array<std::string_view, 6> k_unread = {"torch.unreferenced-record", "torch.unknown-record", "pickle.trailing-bytes",
                                                      "npz.trailing-bytes",        "npy.header-text",      "npy.header-padding"};

constexpr std::uint64_t k_central_record = 46;

bool is_idle(const Region& region) {
  return region.kind == RegionKind::gap || region.kind == RegionKind::padding || region.label == "archive comment";
}

std::optional<containers::ZipDirectory> zip_of(const bytes::Source& source, const Artifact& artifact) {
  constexpr std::array<std::string_view, 4> k_zips = {"torch-zip", "torchscript", "npz", "zip"};
  if (std::find(k_zips.begin(), k_zips.end(), artifact.format.id) == k_zips.end()) {
    return std::nullopt;
  }
  try {
    std::vector<Finding> told_already;
    return containers::read_zip(source, nullptr, told_already);
  } catch (const bytes::ParseError&) {
    return std::nullopt;
  }
}

void add_comments(const containers::ZipDirectory& zip, std::vector<Channel>& channels) {
  for (const auto& entry : zip.entries) {
    // Name and extra fields stand before the comment, the next record follows it.
    const auto next = std::upper_bound(zip.entries.begin(), zip.entries.end(), entry.central_offset,
                                       [](std::uint64_t at, const containers::ZipEntry& other) { return at < other.central_offset; });
    const auto end = next == zip.entries.end() ? zip.central.end() : next->central_offset;
    if (entry.comment_length != 0 && end >= entry.central_offset + k_central_record + entry.comment_length) {
      channels.push_back({"comment of " + entry.name, {end - entry.comment_length, entry.comment_length}, {}});
    }
  }
}

/// The content of the entry whose packed bytes these are; an empty name where it cannot be had.
Channel unpacked(const bytes::Source& source, const containers::ZipEntry& entry, std::uint64_t memory) {
  try {
    return {"record " + entry.name, entry.data, containers::read_entry(source, entry, memory).data};
  } catch (const bytes::ParseError&) {
    return {};
  }
}

void add_unread(const bytes::Source& source, const Artifact& artifact, const std::optional<containers::ZipDirectory>& zip,
                std::uint64_t memory, std::vector<Channel>& channels) {
  for (const auto& finding : artifact.findings) {
    if (!finding.offset || !finding.length || std::find(k_unread.begin(), k_unread.end(), finding.id) == k_unread.end()) {
      continue;
    }
    const ByteRange range{*finding.offset, *finding.length};
    const auto* region = [&]() -> const Region* {
      const auto found = std::find_if(artifact.coverage.regions.begin(), artifact.coverage.regions.end(), [&](const Region& one) {
        return one.range.offset <= range.offset && range.end() <= one.range.end();
      });
      return found == artifact.coverage.regions.end() ? nullptr : &*found;
    }();
    const containers::ZipEntry* packed = nullptr;
    for (const auto& entry : zip ? zip->entries : std::vector<containers::ZipEntry>()) {
      packed = entry.method == containers::k_zip_deflated && entry.data == range ? zip->find(entry.name) : packed;
    }
    auto channel = packed != nullptr ? unpacked(source, *packed, memory) : Channel{region != nullptr ? region->label.str() : finding.id, range, {}};
    if (!channel.name.empty()) {
      channels.push_back(std::move(channel));
    }
  }
}

using Interval = std::pair<std::uint64_t, std::uint64_t>;

/// The bytes of its storage from the first to the last element of a view.
Interval reached(const Tensor& tensor, std::uint64_t width) {
  std::int64_t low = static_cast<std::int64_t>(tensor.location.storage_offset);
  auto high = low;
  const auto strides = strides_of(tensor);
  for (std::size_t i = 0; i < strides.size() && i < tensor.shape.size(); ++i) {
    const auto step = strides[i] * (static_cast<std::int64_t>(tensor.shape[i]) - 1);
    (step < 0 ? low : high) += step;
  }
  return {static_cast<std::uint64_t>(std::max<std::int64_t>(low, 0)) * width, static_cast<std::uint64_t>(high + 1) * width};
}

struct Storage {
  std::string name;
  std::uint64_t length = 0;
  std::vector<Interval> reached;
};

}  // namespace

std::vector<Channel> idle_channels(const bytes::Source& source, const Artifact& artifact, std::uint64_t memory) {
  std::vector<Channel> channels;
  for (const auto& region : artifact.coverage.regions) {
    if (is_idle(region)) {
      channels.push_back({region.label.empty() ? "gap" : region.label.str(), region.range, {}});
    }
  }
  const auto zip = zip_of(source, artifact);
  if (zip) {
    add_comments(*zip, channels);
  }
  add_unread(source, artifact, zip, memory, channels);
  return channels;
}

std::vector<Channel> slack_of_storages(const inspecting::Opened& opened) {
  std::map<std::uint64_t, Storage> storages;
  const auto& tensors = opened.artifact().tensors;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& tensor = tensors[i];
    const auto& form = info(tensor.dtype);
    const bool plain = tensor.location.packing == Packing::stored && form.block_elements == 1 && form.block_bytes != 0;
    if (!plain || tensor.elements == 0 || strides_of(tensor).size() != tensor.shape.size() || !opened.lies_in_file(i)) {
      continue;
    }
    auto& storage = storages[tensor.location.packed.offset];
    storage.name = tensor.location.entry.empty() ? tensor.name : tensor.location.entry.str();
    storage.length = std::max(storage.length, tensor.location.packed.length);
    storage.reached.push_back(reached(tensor, form.block_bytes));
  }
  std::vector<Channel> channels;
  for (auto& [offset, storage] : storages) {
    std::sort(storage.reached.begin(), storage.reached.end());
    std::uint64_t done = 0;
    storage.reached.emplace_back(storage.length, storage.length);
    for (const auto& [begin, end] : storage.reached) {
      const auto until = std::min(begin, storage.length);
      if (until > done) {
        channels.push_back({"unused part of storage " + storage.name, {offset + done, until - done}, {}});
      }
      done = std::max(done, end);
    }
  }
  return channels;
}

}  // namespace upinspect::lowbits
