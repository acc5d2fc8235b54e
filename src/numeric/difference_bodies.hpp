// SPDX-License-Identifier: Apache-2.0
// The loops of difference_kernels.hpp in vectors of a given width; see kernel_bodies.hpp for how they are compiled. Each pass
// over a block, which stays in the cache, does one thing, so that what it sums stays in registers.
#pragma once

#include "numeric/difference_kernels.hpp"
#include "numeric/instruction_set.hpp"
#include "numeric/widen_floats.hpp"

#include <algorithm>
#include <cstring>

namespace upinspect::numeric::difference_bodies {

template <std::size_t Width>
struct Vectors {
  using Quads [[gnu::vector_size(Width)]] = std::uint32_t;
  using Ints [[gnu::vector_size(Width)]] = std::int32_t;
  using Longs [[gnu::vector_size(Width)]] = std::uint64_t;
  using Singles [[gnu::vector_size(Width)]] = float;
  using Doubles [[gnu::vector_size(Width)]] = double;
  static constexpr std::size_t k_quads = Width / sizeof(std::uint32_t);
  static constexpr std::size_t k_doubles = Width / sizeof(double);
};

template <typename Vector, typename Element>
UPINSPECT_INLINE void load(const Element* from, Vector& to) {
  std::memcpy(&to, from, sizeof to);
}

template <typename Vector>
UPINSPECT_INLINE std::uint64_t sum_of(const Vector& lanes) {
  std::uint64_t sum = 0;
  for (std::size_t lane = 0; lane < sizeof(Vector) / sizeof(lanes[0]); ++lane) {
    sum += lanes[lane];
  }
  return sum;
}

/// What one pass hands to the next.
struct Between {
  alignas(64) std::array<std::uint32_t, k_block_elements> flips;
  alignas(64) std::array<std::uint32_t, k_block_elements> bins;
};

/// True where every number of the block is finite.
template <std::size_t Width, unsigned Shift>
UPINSPECT_INLINE bool count_flips(const FloatBlock& block, Between& between, DifferenceTally& tally) {
  using Quads = typename Vectors<Width>::Quads;
  Quads any{};
  Quads none{};
  Quads at_most_one{};
  Quads apart{};
  Quads exclusive{};
  Quads greatest{};
  for (std::size_t i = 0; i < k_block_elements; i += Vectors<Width>::k_quads) {
    Quads before;
    Quads after;
    load(block.before + 4 * i, before);
    load(block.after + 4 * i, after);
    const Quads flips = (before ^ after) >> Shift;
    std::memcpy(&between.flips[i], &flips, sizeof flips);
    any |= flips;
    none -= static_cast<Quads>(flips == 0U);
    at_most_one -= static_cast<Quads>((flips & (flips - 1U)) == 0U);
    apart += before - after;
    exclusive ^= flips;
    // Without the sign, so that the exponent decides.
    const Quads old_magnitude = before + before;
    const Quads new_magnitude = after + after;
    greatest = old_magnitude > greatest ? old_magnitude : greatest;
    greatest = new_magnitude > greatest ? new_magnitude : greatest;
  }
  std::uint32_t magnitude = 0;
  for (std::size_t lane = 0; lane < Vectors<Width>::k_quads; ++lane) {
    tally.flipped |= any[lane];
    tally.exclusive ^= exclusive[lane];
    magnitude = std::max<std::uint32_t>(magnitude, greatest[lane]);
  }
  const auto same = sum_of(none);
  tally.changed += k_block_elements - same;
  tally.single_bit += sum_of(at_most_one) - same;
  tally.apart += static_cast<std::uint32_t>(sum_of(apart));
  return magnitude < block.exponent << 1U;
}

/// A full adder: `low` becomes the digit of three words, `high` the carry.
template <typename Quads>
UPINSPECT_INLINE void add_digits(Quads& high, Quads& low, const Quads& a, const Quads& b) {
  const Quads u = low ^ a;
  high = (low & a) | (u & b);
  low = u ^ b;
}

/// Counts each bit by adding whole words as digits that are kept apart in planes (Harley and Seal), sixteen words at a time.
template <std::size_t Width>
UPINSPECT_INLINE void count_bits(const Between& between, DifferenceTally& tally) {
  using Quads = typename Vectors<Width>::Quads;
  for (std::size_t lane = 0; lane < k_difference_lanes; lane += Vectors<Width>::k_quads) {
    Quads planes[k_count_planes];
    for (std::size_t plane = 0; plane < k_count_planes; ++plane) {
      load(&tally.planes[plane][lane], planes[plane]);
    }
    for (std::size_t i = lane; i < k_block_elements; i += 16 * k_difference_lanes) {
      Quads eights[2];
      for (std::size_t half = 0; half < 2; ++half) {
        Quads fours[2];
        for (std::size_t quarter = 0; quarter < 2; ++quarter) {
          Quads twos[2];
          for (std::size_t pair = 0; pair < 2; ++pair) {
            const auto* const words = &between.flips[i + (8 * half + 4 * quarter + 2 * pair) * k_difference_lanes];
            Quads first;
            Quads second;
            load(words, first);
            load(words + k_difference_lanes, second);
            add_digits(twos[pair], planes[0], first, second);
          }
          add_digits(fours[quarter], planes[1], twos[0], twos[1]);
        }
        add_digits(eights[half], planes[2], fours[0], fours[1]);
      }
      Quads carry;
      add_digits(carry, planes[3], eights[0], eights[1]);
      for (std::size_t plane = 4; plane < k_count_planes; ++plane) {
        const Quads next = planes[plane] & carry;
        planes[plane] ^= carry;
        carry = next;
      }
    }
    for (std::size_t plane = 0; plane < k_count_planes; ++plane) {
      std::memcpy(&tally.planes[plane][lane], &planes[plane], sizeof planes[plane]);
    }
  }
}

/// distance_bin() of each lane below 2^31, and 0 of 0. The upper bits of the number as a float are its bin; its lower bits are
/// cleared before so that it is not rounded up to the next one.
template <std::size_t Width>
UPINSPECT_INLINE void bins_of(const typename Vectors<Width>::Quads& distances, typename Vectors<Width>::Quads& bins) {
  using Quads = typename Vectors<Width>::Quads;
  using Ints = typename Vectors<Width>::Ints;
  using Singles = typename Vectors<Width>::Singles;
  const Ints cut = __builtin_bit_cast(Ints, distances & ~(distances >> 8U));
  const Singles floats = __builtin_convertvector(cut, Singles);
  const Ints found = (__builtin_bit_cast(Ints, floats) >> 18) - (127 * 32 - 1);
  bins = __builtin_bit_cast(Quads, found > 0 ? found : found - found);
}

/// The same for any distances, one after another.
template <unsigned Shift>
UPINSPECT_INLINE void bins_of_any(const FloatBlock& block, Between& between) {
  for (std::size_t i = 0; i < k_block_elements; ++i) {
    const auto before = word(block.before, i);
    const auto after = word(block.after, i);
    const bool counted = before != after && is_finite(block, before) && is_finite(block, after);
    between.bins[i] = counted ? static_cast<std::uint32_t>(distance_bin(distance_of(before, after, Shift))) : 0;
  }
}

/// Where `Finite` is false some are not, and have no distance.
template <std::size_t Width, unsigned Shift, bool Finite>
UPINSPECT_INLINE void measure_distances(const FloatBlock& block, Between& between, DifferenceTally& tally) {
  using Quads = typename Vectors<Width>::Quads;
  using Ints = typename Vectors<Width>::Ints;
  using Longs = typename Vectors<Width>::Longs;
  Quads greatest{};
  Quads not_finite{};
  Quads carries{};
  Quads rises{};
  Longs sum{};
  for (std::size_t i = 0; i < k_block_elements; i += Vectors<Width>::k_quads) {
    Quads before;
    Quads after;
    Quads flips;
    load(block.before + 4 * i, before);
    load(block.after + 4 * i, after);
    load(&between.flips[i], flips);
    const Quads old_sign = __builtin_bit_cast(Quads, __builtin_bit_cast(Ints, before) >> 31);
    const Quads new_sign = __builtin_bit_cast(Quads, __builtin_bit_cast(Ints, after) >> 31);
    Quads x = before ^ (old_sign >> 1U);
    Quads y = after ^ (new_sign >> 1U);
    if constexpr (Shift != 0) {
      x &= ~std::uint32_t{0} << Shift;
      y &= ~std::uint32_t{0} << Shift;
    }
    Quads rise = static_cast<Quads>(__builtin_bit_cast(Ints, x) < __builtin_bit_cast(Ints, y));
    Quads distances = (((x - y) ^ rise) - rise) >> Shift;
    if constexpr (!Finite) {
      const Quads finite = static_cast<Quads>((before & block.exponent) != block.exponent) & static_cast<Quads>((after & block.exponent) != block.exponent);
      not_finite -= static_cast<Quads>(flips != 0U) & ~finite;
      distances &= finite;
      rise &= finite;
      flips &= finite;
    }
    greatest = distances > greatest ? distances : greatest;
    rises -= rise;
    // True where the highest flipped bit is above the highest bit of the distance; it is never below it.
    carries -= static_cast<Quads>((flips ^ distances) > distances);
    const Longs pairs = __builtin_bit_cast(Longs, distances);
    sum += (pairs & 0xffffffffU) + (pairs >> 32U);
    Quads bins;
    bins_of<Width>(distances, bins);
    std::memcpy(&between.bins[i], &bins, sizeof bins);
  }
  std::uint32_t most = 0;
  for (std::size_t lane = 0; lane < Vectors<Width>::k_quads; ++lane) {
    most = std::max<std::uint32_t>(most, greatest[lane]);
  }
  tally.greatest = std::max(tally.greatest, most);
  tally.not_finite += sum_of(not_finite);
  tally.carries += sum_of(carries);
  tally.rises += sum_of(rises);
  tally.distance_sum += sum_of(sum);
  if (most > std::uint32_t{0x7fffffff}) {
    bins_of_any<Shift>(block, between);
  }
}

UPINSPECT_INLINE void count_bins(const Between& between, DifferenceTally& tally) {
  for (std::size_t i = 0; i < k_block_elements; i += k_bin_copies) {
    for (std::size_t copy = 0; copy < k_bin_copies; ++copy) {
      ++tally.bins[copy][between.bins[i + copy]];
    }
  }
}

template <std::size_t Width>
UPINSPECT_INLINE void sum_absolutes(const std::byte* old_values, const std::byte* new_values, DifferenceTally& tally) {
  using Doubles = typename Vectors<Width>::Doubles;
  using Longs = typename Vectors<Width>::Longs;
  constexpr std::size_t k_doubles = Vectors<Width>::k_doubles;
  constexpr std::size_t k_registers = k_difference_lanes / k_doubles;
  Doubles sums[k_registers]{};
  Doubles greatest[k_registers]{};
  for (std::size_t i = 0; i < k_block_elements; i += k_difference_lanes) {
    for (std::size_t r = 0; r < k_registers; ++r) {
      Doubles before;
      Doubles after;
      widen_floats(old_values + 4 * (i + r * k_doubles), before);
      widen_floats(new_values + 4 * (i + r * k_doubles), after);
      const Doubles difference = after - before;
      Longs bits;
      std::memcpy(&bits, &difference, sizeof bits);
      bits &= ~std::uint64_t{0} >> 1U;
      Doubles absolute;
      std::memcpy(&absolute, &bits, sizeof bits);
      sums[r] += absolute;
      greatest[r] = absolute > greatest[r] ? absolute : greatest[r];
    }
  }
  std::array<double, k_difference_lanes> lanes;
  std::memcpy(lanes.data(), sums, sizeof lanes);
  for (std::size_t width = k_difference_lanes / 2; width > 0; width /= 2) {
    for (std::size_t lane = 0; lane < width; ++lane) {
      lanes[lane] += lanes[lane + width];
    }
  }
  tally.absolute_sum += lanes[0];
  for (const auto& reg : greatest) {
    for (std::size_t lane = 0; lane < k_doubles; ++lane) {
      tally.absolute_max = std::max(tally.absolute_max, static_cast<double>(reg[lane]));
    }
  }
}

/// Pairs with something that is not finite have no difference; such blocks are rare.
UPINSPECT_INLINE void copy_finite(const FloatBlock& block, std::array<float, k_block_elements>& old_values, std::array<float, k_block_elements>& new_values) {
  for (std::size_t i = 0; i < k_block_elements; ++i) {
    const bool finite = is_finite(block, word(block.before, i)) && is_finite(block, word(block.after, i));
    old_values[i] = finite ? std::bit_cast<float>(word(block.old_values, i)) : 0.0F;
    new_values[i] = finite ? std::bit_cast<float>(word(block.new_values, i)) : 0.0F;
  }
}

template <std::size_t Width, unsigned Shift>
UPINSPECT_INLINE void compare_shifted(const FloatBlock& block, DifferenceTally& tally) {
  Between between;
  if (count_flips<Width, Shift>(block, between, tally)) {
    measure_distances<Width, Shift, true>(block, between, tally);
    sum_absolutes<Width>(block.old_values, block.new_values, tally);
  } else {
    measure_distances<Width, Shift, false>(block, between, tally);
    std::array<float, k_block_elements> old_values;
    std::array<float, k_block_elements> new_values;
    copy_finite(block, old_values, new_values);
    sum_absolutes<Width>(reinterpret_cast<const std::byte*>(old_values.data()), reinterpret_cast<const std::byte*>(new_values.data()), tally);
  }
  count_bits<Width>(between, tally);
  count_bins(between, tally);
}

template <std::size_t Width>
UPINSPECT_INLINE void compare(const FloatBlock& block, DifferenceTally& tally) {
  block.shift == 0 ? compare_shifted<Width, 0>(block, tally) : compare_shifted<Width, 16>(block, tally);
}

}  // namespace upinspect::numeric::difference_bodies
