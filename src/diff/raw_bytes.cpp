// SPDX-License-Identifier: Apache-2.0
#include "diff/raw_bytes.hpp"

#include "inspect/workers.hpp"
#include "numeric/element_difference.hpp"

#include <algorithm>
#include <cstring>

namespace upinspect::diff {
namespace {

using inspecting::run_pieces;
using inspecting::workers_for;

/// What is read at a time: large enough for few system calls, small enough for both buffers to stay in the cache.
constexpr std::uint64_t k_piece = 512U << 10U;
static_assert(k_piece % RawComparison::k_block == 0);

/// What a thread needs for itself.
struct Buffers {
  std::vector<std::byte> before = std::vector<std::byte>(k_piece);
  std::vector<std::byte> after = std::vector<std::byte>(k_piece);
};

struct PieceResult {
  std::uint64_t differing = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  unsigned blocks = 0;   ///< one bit for each block that differs
};
static_assert(k_piece / RawComparison::k_block <= 32);

template <typename Sink>
PieceResult compare_piece(std::span<const std::byte> before, std::span<const std::byte> after, std::uint64_t offset, const Sink& differing) {
  PieceResult result;
  for (std::size_t at = 0; at < before.size(); at += RawComparison::k_block) {
    const auto length = std::min<std::size_t>(RawComparison::k_block, before.size() - at);
    if (std::memcmp(before.data() + at, after.data() + at, length) == 0) {
      continue;
    }
    const auto extent = numeric::unequal_extent(before.subspan(at, length), after.subspan(at, length));
    result.first = result.differing == 0 ? offset + at + extent.first : result.first;
    result.last = offset + at + extent.last;
    result.differing += numeric::count_unequal(before.subspan(at, length), after.subspan(at, length));
    result.blocks |= 1U << (at / RawComparison::k_block);
    differing(offset + at, before.subspan(at, length), after.subspan(at, length));
  }
  return result;
}

void join(RawComparison& whole, const PieceResult& piece, std::size_t index) {
  if (piece.differing == 0) {
    return;
  }
  whole.bytes.differing += piece.differing;
  whole.bytes.first = whole.bytes.first.value_or(piece.first);
  whole.bytes.last = piece.last;
  for (std::size_t block = 0; block < k_piece / RawComparison::k_block; ++block) {
    if (((piece.blocks >> block) & 1U) != 0) {
      whole.differs[index * (k_piece / RawComparison::k_block) + block] = true;
    }
  }
}

}  // namespace

bool RawComparison::same(std::uint64_t offset, std::uint64_t length) const {
  if (offset > bytes.compared || length > bytes.compared - offset) {
    return false;
  }
  for (auto block = offset / k_block; block * k_block < offset + length; ++block) {
    if (differs[static_cast<std::size_t>(block)]) {
      return false;
    }
  }
  return true;
}

RawComparison compare_bytes(const bytes::Source& before, const bytes::Source& after, unsigned jobs,
                            const std::function<void(std::uint64_t done, std::uint64_t total)>& advance, const DifferingBlocks& differing) {
  RawComparison whole;
  const auto total = std::min(before.size(), after.size());
  whole.bytes.compared = total;
  const auto pieces = static_cast<std::size_t>((total + k_piece - 1) / k_piece);
  whole.differs.assign(static_cast<std::size_t>((total + RawComparison::k_block - 1) / RawComparison::k_block), false);
  std::vector<PieceResult> results(pieces);
  const auto in_group = (pieces + RawComparison::k_groups - 1) / RawComparison::k_groups;
  const auto groups = in_group == 0 ? 0 : (pieces + in_group - 1) / in_group;
  const auto workers = workers_for(jobs, groups);
  std::vector<Buffers> buffers(workers);
  const auto compare = [&](unsigned worker, std::size_t group, std::size_t piece) {
    const auto offset = piece * k_piece;
    const auto length = static_cast<std::size_t>(std::min(k_piece, total - offset));
    const auto old_part = std::span(buffers[worker].before).first(length);
    const auto new_part = std::span(buffers[worker].after).first(length);
    before.read_at(offset, old_part);
    after.read_at(offset, new_part);
    results[piece] = compare_piece(old_part, new_part, offset, [&](std::uint64_t at, std::span<const std::byte> old_block, std::span<const std::byte> new_block) {
      differing(group, at, old_block, new_block);
    });
    if (worker == 0) {
      advance(offset + length, total);
    }
  };
  run_pieces(groups, workers, [&](unsigned worker, std::size_t group) {
    for (auto piece = group * in_group; piece < std::min(pieces, (group + 1) * in_group); ++piece) {
      compare(worker, group, piece);
    }
  });
  for (std::size_t piece = 0; piece < pieces; ++piece) {
    join(whole, results[piece], piece);
  }
  return whole;
}

}  // namespace upinspect::diff
