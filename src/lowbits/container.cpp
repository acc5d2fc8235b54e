// SPDX-License-Identifier: Apache-2.0
#include "lowbits/container.hpp"

#include "bytes/digest.hpp"
#include "bytes/source.hpp"
#include "forensics/statistics.hpp"
#include "forensics/stream_rating.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace upinspect::lowbits {
namespace {

constexpr double k_convincing = 1e-6;
constexpr std::uint64_t k_smallest = 8;

bool is_one_byte(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [&](std::byte byte) { return byte == bytes.front(); });
}

void add_found(const Region& region, std::span<const std::byte> bytes, const forensics::Found& found, LowBits& result) {
  const auto content = bytes.subspan(found.content_offset, found.content_length);
  Payload payload;
  payload.kind = found.kind;
  payload.title = found.title;
  payload.evidence = found.evidence;
  payload.content.assign(content.begin(), content.end());
  payload.size = content.size();
  payload.sha256 = bytes::sha256_hex(content);
  payload.entropy = content.size() < 64 ? 0 : forensics::corrected_entropy(content);
  payload.p_value = std::min(1.0, std::exp(found.log_p + std::log(static_cast<double>(std::max<std::uint64_t>(result.candidates_tried, 1)))));
  payload.candidates_tried = result.candidates_tried;
  payload.layout.stream = PayloadStream::container;
  payload.layout.tensor = region.label.empty() ? "gap" : region.label;
  payload.layout.start_element = region.range.offset + found.offset;
  payload.layout.elements = found.length;
  payload.layout.bits = 8;
  if (payload.evidence != PayloadEvidence::readable || payload.p_value < k_convincing) {
    result.payloads.push_back(std::move(payload));
  }
}

}  // namespace

void search_container(const std::string& path, const Artifact& artifact, std::uint64_t memory, LowBits& result) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored) || artifact.tensors.empty()) {
    return;
  }
  const bytes::FileSource source(path);
  for (const auto& region : artifact.coverage.regions) {
    const bool idle = region.kind == RegionKind::gap || region.kind == RegionKind::padding;
    if (!idle || region.range.length < k_smallest || region.range.offset > source.size() || region.range.length > source.size() - region.range.offset) {
      continue;
    }
    std::vector<std::byte> bytes(static_cast<std::size_t>(std::min(region.range.length, memory)));
    source.read_at(region.range.offset, bytes);
    if (is_one_byte(bytes)) {
      continue;
    }
    ++result.candidates_tried;
    for (const auto& found : forensics::rate_stream(bytes, std::nullopt)) {
      add_found(region, bytes, found, result);
    }
  }
}

}  // namespace upinspect::lowbits
