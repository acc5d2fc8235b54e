// SPDX-License-Identifier: Apache-2.0
#include "lowbits/container.hpp"

#include "bytes/digest.hpp"
#include "bytes/source.hpp"
#include "forensics/bit_stream.hpp"
#include "forensics/encoded_text.hpp"
#include "forensics/statistics.hpp"
#include "forensics/stream_rating.hpp"
#include "forensics/text_rating.hpp"
#include "forensics/white_space.hpp"
#include "lowbits/channels.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

namespace upinspect::lowbits {
namespace {

using Bytes = std::span<const std::byte>;

constexpr double k_convincing = 1e-6;
constexpr std::uint64_t k_smallest = 8;

/// Of text that is looked through for encoded bytes.
constexpr std::uint64_t k_most_text = std::uint64_t{16} << 20;

/// From so many bytes on that say nothing they count as something encrypted: no hash is as long.
constexpr std::size_t k_long = 256;

bool is_one_byte(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [&](std::byte byte) { return byte == bytes.front(); });
}

/// A preview, as many sites and tools put one into the metadata.
bool is_only_a_picture(Bytes bytes) {
  const auto found = forensics::rate_stream(bytes, std::nullopt);
  return std::all_of(found.begin(), found.end(), [](const forensics::Found& one) { return one.kind == "png" && one.offset == 0; });
}

/// Where bytes stand in the file and how they are written there.
struct Place {
  std::string name;
  std::uint64_t offset = 0;   ///< of the first of them
  std::uint64_t letters = 0;  ///< that stand for all of them; 0: each byte stands for itself
  std::string coding;         ///< what stands for what, in words
};

class ContainerSearch {
 public:
  ContainerSearch(const std::string& path, const inspecting::Opened& opened, std::uint64_t memory, LowBits& result)
      : m_source(path), m_opened(opened), m_memory(memory), m_result(result) {}

  void run();

 private:
  [[nodiscard]] std::vector<std::byte> read(const ByteRange& range, std::uint64_t most) const;
  void rate_channel(const Channel& channel);
  void rate_region(const Region& region);
  bool rate(Bytes bytes, const Place& place);
  void rate_encoded(Bytes text, const std::string& name, std::uint64_t offset);
  void rate_run(Bytes text, const forensics::EncodedRun& run, Place place);
  void rate_white_space(Bytes json, const Region& region);
  Payload payload_of(Bytes content, const Place& place) const;
  bool add_found(Bytes bytes, const forensics::Found& found, const Place& place);

  bytes::FileSource m_source;
  const inspecting::Opened& m_opened;
  std::uint64_t m_memory;
  LowBits& m_result;
};

std::vector<std::byte> ContainerSearch::read(const ByteRange& range, std::uint64_t most) const {
  if (range.offset > m_source.size()) {
    return {};
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(std::min({range.length, most, m_source.size() - range.offset})));
  m_source.read_at(range.offset, bytes);
  return bytes;
}

Payload ContainerSearch::payload_of(Bytes content, const Place& place) const {
  Payload payload;
  payload.content.assign(content.begin(), content.end());
  payload.size = content.size();
  payload.sha256 = bytes::sha256_hex(content);
  payload.entropy = content.size() < 64 ? 0 : forensics::corrected_entropy(content);
  payload.candidates_tried = m_result.candidates_tried;
  payload.layout.stream = PayloadStream::container;
  payload.layout.tensor = place.name;
  payload.layout.start_element = place.offset;
  payload.layout.elements = place.letters;
  payload.layout.bits = 8;
  return payload;
}

bool ContainerSearch::add_found(Bytes bytes, const forensics::Found& found, const Place& place) {
  auto payload = payload_of(bytes.subspan(found.content_offset, found.content_length), place);
  payload.kind = found.kind;
  payload.title = found.title + (place.coding.empty() ? "" : ", written as " + place.coding);
  payload.evidence = found.evidence;
  payload.p_value = std::min(1.0, std::exp(found.log_p + std::log(static_cast<double>(std::max<std::uint64_t>(m_result.candidates_tried, 1)))));
  if (place.letters == 0) {
    payload.layout.start_element += found.offset;
    payload.layout.elements = found.length;
  }
  const bool convinces = payload.evidence != PayloadEvidence::readable || payload.p_value < k_convincing;
  if (convinces) {
    m_result.payloads.push_back(std::move(payload));
  }
  return convinces;
}

/// True where something was found.
bool ContainerSearch::rate(Bytes bytes, const Place& place) {
  if (bytes.size() < k_smallest || is_one_byte(bytes)) {
    return false;
  }
  ++m_result.candidates_tried;
  bool any = false;
  for (const auto& found : forensics::rate_stream(bytes, std::nullopt)) {
    any = add_found(bytes, found, place) || any;
  }
  return any;
}

/// A letter or more before the run, as the length of a string in a pickle, may look like a part of it.
void ContainerSearch::rate_run(Bytes text, const forensics::EncodedRun& run, Place place) {
  const std::size_t phases = run.encoding == forensics::Encoding::hex ? 2 : 4;
  for (std::size_t skipped = 0; skipped < phases; ++skipped) {
    const auto bytes = forensics::decoded(text, run, skipped);
    if ((run.picture && is_only_a_picture(bytes)) || rate(bytes, place)) {
      return;
    }
  }
  const auto bytes = forensics::decoded(text, run);
  if (bytes.size() >= k_long && forensics::byte_uniformity(bytes) > k_convincing) {
    auto payload = payload_of(bytes, place);
    payload.kind = "field";
    payload.title = "looks encrypted or compressed, written as " + place.coding;
    m_result.payloads.push_back(std::move(payload));
  }
}

void ContainerSearch::rate_encoded(Bytes text, const std::string& name, std::uint64_t offset) {
  for (const auto& run : forensics::encoded_runs(text)) {
    rate_run(text, run, {name, offset + run.offset, run.length, std::string(forensics::title_of(run.encoding))});
  }
}

/// Of readings in which something stands the one whose letters follow one another best: all of them are of the same white space.
void ContainerSearch::rate_white_space(Bytes json, const Region& region) {
  const auto first = m_result.payloads.size();
  for (const auto& reading : forensics::white_space_readings(json)) {
    for (unsigned shift = 0; shift < 8; ++shift) {
      const auto bytes = forensics::shifted(reading.bytes, reading.order, shift);
      rate(bytes, {"white space of the " + region.label, region.range.offset, region.range.length, reading.title});
    }
  }
  const auto begin = m_result.payloads.begin() + static_cast<std::ptrdiff_t>(first);
  const auto worth = [](const Payload& payload) {
    return std::pair(payload.evidence, forensics::likelihood_gain(payload.content));
  };
  const auto best = std::max_element(begin, m_result.payloads.end(), [&worth](const Payload& a, const Payload& b) { return worth(a) < worth(b); });
  if (best != m_result.payloads.end()) {
    std::iter_swap(begin, best);
    m_result.payloads.erase(begin + 1, m_result.payloads.end());
  }
}

void ContainerSearch::rate_channel(const Channel& channel) {
  const auto bytes = channel.unpacked.empty() ? read(channel.range, m_memory) : channel.unpacked;
  const auto packed = channel.unpacked.empty() ? 0 : channel.range.length;
  rate(bytes, {channel.name, channel.range.offset, packed, packed == 0 ? "" : "a deflated entry"});
}

/// Text of any kind, and whatever else is no tensor.
void ContainerSearch::rate_region(const Region& region) {
  if (region.kind == RegionKind::tensor) {
    return;
  }
  const auto bytes = read(region.range, std::min(k_most_text, m_memory));
  rate_encoded(bytes, region.label.empty() ? "gap" : region.label, region.range.offset);
  if (region.kind == RegionKind::metadata && region.label == "header JSON") {
    rate_white_space(bytes, region);
  }
}

void ContainerSearch::run() {
  for (const auto& channel : idle_channels(m_source, m_opened.artifact(), m_memory)) {
    rate_channel(channel);
  }
  for (const auto& channel : slack_of_storages(m_opened)) {
    rate_channel(channel);
  }
  for (const auto& region : m_opened.artifact().coverage.regions) {
    rate_region(region);
  }
}

}  // namespace

void search_container(const std::string& path, const inspecting::Opened& opened, std::uint64_t memory, LowBits& result) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored) && !opened.artifact().tensors.empty()) {
    ContainerSearch(path, opened, memory, result).run();
  }
}

}  // namespace upinspect::lowbits
