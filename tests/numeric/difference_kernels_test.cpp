// SPDX-License-Identifier: Apache-2.0
#include "numeric/difference_kernels.hpp"

#include "numeric/element_difference.hpp"
#include "numeric/load.hpp"
#include "numeric/samples.hpp"
#include "support/catch.hpp"

#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <vector>

using namespace upinspect;
using namespace upinspect::numeric;

namespace {

enum class Change { everything, low_bits, few, swapped, specials, signs, none };

std::uint32_t changed(Change how, std::uint32_t pattern, std::uint32_t random, unsigned shift) {
  const auto one = std::uint32_t{1} << shift;
  switch (how) {
    case Change::everything: return pattern + (random >> 9U) * one % 0x00ffffffU;
    case Change::low_bits: return pattern ^ ((random & 1U) << shift);
    case Change::few: return random % 97 == 0 ? pattern ^ (one << random % (32 - shift)) : pattern;
    case Change::swapped: return random % 2 == 0 ? pattern ^ 0x80000000U : pattern;
    case Change::specials: return random % 5 == 0 ? 0x7f800000U | random << shift : random << shift;
    case Change::signs: return pattern ^ 0x80000000U;
    default: return pattern;
  }
}

/// A block and what its pointers lead to, at odd addresses.
struct Sample {
  FloatBlock block;
  std::vector<std::byte> before = std::vector<std::byte>(4 * k_block_elements + 1);
  std::vector<std::byte> after = before;

  Sample(unsigned shift, std::uint32_t exponent) {
    block.shift = shift;
    block.exponent = exponent;
    block.before = block.old_values = before.data() + 1;
    block.after = block.new_values = after.data() + 1;
  }

  void set(std::size_t i, std::uint32_t old_pattern, std::uint32_t new_pattern) {
    std::memcpy(before.data() + 1 + 4 * i, &old_pattern, 4);
    std::memcpy(after.data() + 1 + 4 * i, &new_pattern, 4);
  }
};

Sample sample_of(Change how, unsigned shift, std::uint32_t seed) {
  std::mt19937 random(seed);
  Sample sample(shift, 0x7f800000U);
  for (std::size_t i = 0; i < k_block_elements; ++i) {
    const bool anything = how == Change::specials || random() % 3 == 0;
    const auto value = anything ? static_cast<std::uint32_t>(random())
                                : std::bit_cast<std::uint32_t>(0.02F * (static_cast<float>(random() % 20001) / 10000.0F - 1.0F));
    const auto before = value >> shift << shift;
    sample.set(i, before, changed(how, before, static_cast<std::uint32_t>(random()), shift) >> shift << shift);
  }
  return sample;
}

/// Every number of a tally, the counts of distances joined, and floating sums as their bits.
std::string told(const DifferenceTally& tally) {
  std::string text;
  const auto put = [&text](std::uint64_t number) { text += std::to_string(number) + " "; };
  for (std::size_t bin = 1; bin < k_float_bins; ++bin) {
    std::uint64_t count = 0;
    for (const auto& copy : tally.bins) {
      count += copy[bin];
    }
    put(count);
  }
  for (const auto& plane : tally.planes) {
    for (const auto word : plane) {
      put(word);
    }
  }
  for (const auto number : {std::uint64_t{tally.flipped}, std::uint64_t{tally.greatest}, tally.changed, tally.single_bit, tally.not_finite, tally.carries,
                            tally.rises, tally.distance_sum, std::uint64_t{tally.apart}, std::uint64_t{tally.exclusive},
                            std::bit_cast<std::uint64_t>(tally.absolute_sum), std::bit_cast<std::uint64_t>(tally.absolute_max)}) {
    put(number);
  }
  return text;
}

}  // namespace

TEST_CASE("Every set of instructions counts and sums differences as the plain loop does") {
  const auto kernels = runnable_difference_kernels();
  REQUIRE(kernels.size() >= 2);
  for (const auto how : {Change::everything, Change::low_bits, Change::few, Change::swapped, Change::specials, Change::signs, Change::none}) {
    for (const unsigned shift : {0U, 16U}) {
      std::vector<DifferenceTally> tallies(kernels.size());
      for (std::uint32_t seed = 0; seed < k_tally_blocks; ++seed) {
        const auto sample = sample_of(how, shift, seed);
        for (std::size_t i = 0; i < kernels.size(); ++i) {
          kernels[i].compare(sample.block, tallies[i]);
        }
      }
      for (std::size_t i = 1; i < kernels.size(); ++i) {
        CAPTURE(kernels[i].name, static_cast<int>(how), shift);
        CHECK(told(tallies[i]) == told(tallies[0]));
      }
    }
  }
}

TEST_CASE("Every distance has its bin in every set of instructions") {
  std::mt19937 random(3);
  std::vector<std::uint32_t> distances;
  for (std::uint32_t i = 0; i < 32; ++i) {
    for (const std::uint32_t offset : {0U, 1U, 2U}) {
      distances.push_back((std::uint32_t{1} << i) + offset - 1);
      distances.push_back(0xff000000U - (std::uint32_t{1} << i) + offset);
    }
  }
  while (distances.size() < k_block_elements) {
    distances.push_back(static_cast<std::uint32_t>(random() % 0xff000000U) >> random() % 32);
  }
  Sample sample(0, 0xffffffffU);  // but for all ones every pattern is a number
  std::array<std::uint32_t, k_float_bins> wanted{};
  for (std::size_t i = 0; i < k_block_elements; ++i) {
    // From the lowest number upwards: patterns of negative numbers count down.
    const auto place = std::min(distances[i], 0xfffffff0U);
    const auto ordered = 1U + place;
    sample.set(i, 0xfffffffeU, (ordered & 0x80000000U) != 0 ? ordered ^ 0x80000000U : ~ordered);
    ++wanted[distance_bin(place)];
  }
  for (const auto& kernel : runnable_difference_kernels()) {
    DifferenceTally tally;
    kernel.compare(sample.block, tally);
    std::array<std::uint32_t, k_float_bins> found{};
    for (std::size_t bin = 1; bin < k_float_bins; ++bin) {
      for (const auto& copy : tally.bins) {
        found[bin] += copy[bin];
      }
    }
    wanted[0] = 0;
    CAPTURE(kernel.name);
    CHECK(found == wanted);
  }
}
