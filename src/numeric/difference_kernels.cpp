// SPDX-License-Identifier: Apache-2.0
#include "numeric/difference_kernels.hpp"

#include "numeric/difference_bodies.hpp"
#include "numeric/element_difference.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace upinspect::numeric {
namespace {

// One element after another, as it would be explained.
namespace plain {

void add_bits(std::uint32_t flips, std::size_t lane, DifferenceTally& tally) {
  for (auto& plane : tally.planes) {
    flips = std::exchange(plane[lane], plane[lane] ^ flips) & flips;
  }
}

void measure(const FloatBlock& block, std::size_t i, std::uint32_t flips, std::array<double, k_difference_lanes>& lanes, DifferenceTally& tally) {
  const auto x = place_of(word(block.before, i), block.shift);
  const auto y = place_of(word(block.after, i), block.shift);
  const auto distance = x < y ? y - x : x - y;
  ++tally.bins[i % k_bin_copies][distance_bin(distance)];
  tally.greatest = std::max(tally.greatest, distance);
  tally.distance_sum += distance;
  tally.rises += x < y ? 1U : 0U;
  tally.carries += std::bit_width(flips) > std::bit_width(distance) ? 1U : 0U;
  const auto absolute = std::fabs(double{std::bit_cast<float>(word(block.new_values, i))} - double{std::bit_cast<float>(word(block.old_values, i))});
  lanes[i % k_difference_lanes] += absolute;
  tally.absolute_max = std::max(tally.absolute_max, absolute);
}

double join(std::array<double, k_difference_lanes> lanes) {
  for (std::size_t width = k_difference_lanes / 2; width > 0; width /= 2) {
    for (std::size_t lane = 0; lane < width; ++lane) {
      lanes[lane] += lanes[lane + width];
    }
  }
  return lanes[0];
}

void compare(const FloatBlock& block, DifferenceTally& tally) {
  std::array<double, k_difference_lanes> lanes{};
  for (std::size_t i = 0; i < k_block_elements; ++i) {
    const auto before = word(block.before, i);
    const auto after = word(block.after, i);
    const auto flips = (before ^ after) >> block.shift;
    if (flips == 0) {
      continue;
    }
    ++tally.changed;
    tally.flipped |= flips;
    tally.single_bit += std::has_single_bit(flips) ? 1U : 0U;
    tally.apart += before - after;
    tally.exclusive ^= flips;
    add_bits(flips, i % k_difference_lanes, tally);
    if (is_finite(block, before) && is_finite(block, after)) {
      measure(block, i, flips, lanes, tally);
    } else {
      ++tally.not_finite;
    }
  }
  tally.absolute_sum += join(lanes);
}

}  // namespace plain

namespace portable {
void compare(const FloatBlock& block, DifferenceTally& tally) { difference_bodies::compare<16>(block, tally); }
}  // namespace portable

#if defined(__x86_64__)
namespace avx2 {
UPINSPECT_FOR_AVX2 void compare(const FloatBlock& block, DifferenceTally& tally) { difference_bodies::compare<32>(block, tally); }
}  // namespace avx2
namespace avx512 {
UPINSPECT_FOR_AVX512 void compare(const FloatBlock& block, DifferenceTally& tally) { difference_bodies::compare<64>(block, tally); }
}  // namespace avx512
#endif

constexpr std::array k_kernels{
    DifferenceKernel{"plain", plain::compare},
    DifferenceKernel{"portable", portable::compare},
#if defined(__x86_64__)
    DifferenceKernel{"avx2", avx2::compare},
    DifferenceKernel{"avx512", avx512::compare},
#endif
};

/// The instruction sets follow the portable kernel in their order.
std::size_t kernels_up_to(InstructionSet set) { return std::min(k_kernels.size(), std::size_t{2} + static_cast<std::size_t>(set)); }

}  // namespace

const DifferenceKernel& difference_kernel() noexcept { return k_kernels[kernels_up_to(instruction_set()) - 1]; }

std::span<const DifferenceKernel> runnable_difference_kernels() noexcept { return std::span(k_kernels).first(kernels_up_to(best_instruction_set())); }

}  // namespace upinspect::numeric
