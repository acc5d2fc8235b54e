// SPDX-License-Identifier: Apache-2.0
#include "diff/measure.hpp"

#include "inspect/workers.hpp"

#include <algorithm>
#include <numeric>

namespace upinspect::diff {
namespace {

/// Fixed by the tensor's size alone, so that sums have the same bits for any number of threads.
constexpr std::uint64_t k_smallest_piece = 4U << 20U;
constexpr std::uint64_t k_most_pieces = 256;

using inspecting::run_pieces;
using inspecting::workers_for;
using numeric::ElementDifference;

/// Both sides at one offset of their files, which were compared byte by byte.
bool aligned(const Pair& pair, const RawComparison* raw) {
  const auto old_range = pair.before.plain(pair.old_index);
  const auto new_range = pair.after.plain(pair.new_index);
  return raw != nullptr && old_range && new_range && old_range->offset == new_range->offset;
}

/// Bytes `first` to `first + length` of the pair, in steps of the blocks that were compared before.
void measure_range(const Pair& pair, const RawComparison* raw, std::uint64_t first, std::uint64_t length, ElementDifference& out) {
  const auto width = std::uint64_t{out.format.width};
  const auto per_element = pair.new_tensor().bytes / pair.new_tensor().elements;
  const auto start = pair.after.plain(pair.new_index).value().offset;
  const auto step = raw != nullptr ? RawComparison::k_block : length;
  for (std::uint64_t at = 0; at < length; at += step) {
    const auto part = std::min(step, length - at);
    if (raw != nullptr && raw->same(start + first + at, part)) {
      out.skip(part / width);
    } else {
      read_pair(pair, (first + at) / per_element, part / per_element,
                [&out](std::span<const std::byte> before, std::span<const std::byte> after) { out.add(before, after); });
    }
  }
}

}  // namespace

std::uint64_t units_of(const Tensor& tensor) { return tensor.bytes / numeric::element_format(tensor.dtype).width; }

bool known_same(const Pair& pair, const RawComparison* raw) {
  return aligned(pair, raw) && raw->same(pair.after.plain(pair.new_index)->offset, pair.new_tensor().bytes);
}

ElementDifference measure_pair(const Pair& pair, const RawComparison* raw, unsigned jobs) {
  const auto format = numeric::element_format(pair.new_tensor().dtype);
  const auto bytes = pair.new_tensor().bytes;
  const auto units = units_of(pair.new_tensor());
  if (!pair.seekable()) {
    ElementDifference whole(format, units, 0, k_kept_elements);
    stream_pair(pair, [&whole](std::span<const std::byte> before, std::span<const std::byte> after) { whole.add(before, after); });
    return whole;
  }
  const auto* usable = aligned(pair, raw) ? raw : nullptr;
  // Whole blocks and whole elements: 16 bytes is the widest.
  const auto piece = (std::max(k_smallest_piece, bytes / k_most_pieces) / RawComparison::k_block + 1) * RawComparison::k_block;
  const auto pieces = static_cast<std::size_t>((bytes + piece - 1) / piece);
  const auto keep = static_cast<std::size_t>(k_kept_elements / std::max<std::size_t>(pieces, 1));
  std::vector<ElementDifference> parts;
  for (std::size_t i = 0; i < pieces; ++i) {
    parts.emplace_back(format, units, i * piece / format.width, keep);
  }
  run_pieces(pieces, workers_for(jobs, pieces), [&](unsigned, std::size_t i) {
    measure_range(pair, usable, i * piece, std::min(piece, bytes - i * piece), parts[i]);
  });
  parts.front().kept.reserve(std::accumulate(parts.begin(), parts.end(), std::size_t{0}, [](std::size_t sum, const auto& part) { return sum + part.kept.size(); }));
  for (std::size_t i = 1; i < pieces; ++i) {
    parts.front().append(parts[i]);
  }
  return std::move(parts.front());
}

}  // namespace upinspect::diff
