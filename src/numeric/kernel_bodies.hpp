// SPDX-License-Identifier: Apache-2.0
// The portable inner loops as inline bodies, so that each instruction set compiles them for itself. Vectors of fixed
// width say what is computed; the compiler says with which registers. A lambda here would not inherit its caller's
// instruction set, hence none.
#pragma once

#include "numeric/kernels.hpp"
#include "numeric/load.hpp"

#include <algorithm>

namespace upinspect::numeric::bodies {

#define UPINSPECT_KERNEL [[gnu::always_inline]] inline

UPINSPECT_KERNEL void count_eight(std::uint64_t eight, std::array<std::uint32_t, 256>* tables) {
  ++tables[0][eight & 255];
  ++tables[1][(eight >> 8) & 255];
  ++tables[2][(eight >> 16) & 255];
  ++tables[3][(eight >> 24) & 255];
  ++tables[4][(eight >> 32) & 255];
  ++tables[5][(eight >> 40) & 255];
  ++tables[6][(eight >> 48) & 255];
  ++tables[7][eight >> 56];
}

UPINSPECT_KERNEL void count_bytes(std::span<const std::byte> bytes, ByteTables& tables) {
  const std::size_t whole = bytes.size() & ~std::size_t{15};
  const std::byte* const from = bytes.data();
  for (std::size_t i = 0; i < whole; i += 16) {
    count_eight(load_le<std::uint64_t>(from + i), tables.data());
    count_eight(load_le<std::uint64_t>(from + i + 8), tables.data() + 8);
  }
  for (std::size_t i = whole; i < bytes.size(); ++i) {
    ++tables[i % 16][std::to_integer<std::size_t>(from[i])];
  }
}

UPINSPECT_KERNEL void count_halves(std::span<const std::byte> bytes, WordTable& low, WordTable& high) {
  const std::byte* const from = bytes.data();
  const std::size_t count = bytes.size() / 4;
  const std::size_t pairs = count / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    const auto two = load_le<std::uint64_t>(from + 8 * i);
    ++low[two & 0xffff];
    ++high[(two >> 16) & 0xffff];
    ++low[(two >> 32) & 0xffff];
    ++high[two >> 48];
  }
  if (count % 2 != 0) {
    const auto last = load_le<std::uint32_t>(from + 8 * pairs);
    ++low[last & 0xffff];
    ++high[last >> 16];
  }
}

UPINSPECT_KERNEL void count_words(std::span<const std::byte> bytes, WordTable& even, WordTable& odd) {
  const std::byte* const from = bytes.data();
  const std::size_t count = bytes.size() / 2;
  const std::size_t fours = count / 4;
  for (std::size_t i = 0; i < fours; ++i) {
    const auto four = load_le<std::uint64_t>(from + 8 * i);
    ++even[four & 0xffff];
    ++odd[(four >> 16) & 0xffff];
    ++even[(four >> 32) & 0xffff];
    ++odd[four >> 48];
  }
  for (std::size_t i = 4 * fours; i < count; ++i) {
    ++even[load_le<std::uint16_t>(from + 2 * i)];
  }
}

// Minima and counts of integers come out the same in any order, so this loop is left to the vectoriser.
UPINSPECT_KERNEL FloatScan scan_f32(std::span<const std::byte> bytes) {
  const std::byte* const from = bytes.data();
  const std::size_t count = bytes.size() / 4;
  std::int32_t least = INT32_MAX;
  std::int32_t greatest = INT32_MIN;
  std::int32_t zeros = 0;
  std::int32_t below_normal = 0;
  std::int32_t specials = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = load_le<std::int32_t>(from + 4 * i);
    const std::int32_t magnitude = bits & 0x7fffffff;
    const std::int32_t key = bits ^ ((bits >> 31) & 0x7fffffff);
    least = key < least ? key : least;
    greatest = key > greatest ? key : greatest;
    zeros += magnitude == 0 ? 1 : 0;
    below_normal += magnitude < 0x00800000 ? 1 : 0;
    specials += magnitude >= 0x7f800000 ? 1 : 0;
  }
  FloatScan scan;
  scan.least = least;
  scan.greatest = greatest;
  scan.zeros = static_cast<std::uint32_t>(zeros);
  scan.below_normal = static_cast<std::uint32_t>(below_normal);
  scan.specials = static_cast<std::uint32_t>(specials);
  return scan;
}

using FloatVector [[gnu::vector_size(32)]] = float;
using DoubleVector [[gnu::vector_size(64)]] = double;

UPINSPECT_KERNEL double join(const DoubleVector& low, const DoubleVector& high) {
  std::array<double, k_lanes / 2> lanes{};
  const DoubleVector sum = low + high;
  std::memcpy(lanes.data(), &sum, sizeof sum);
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/// Eight numbers from `from`, less the pivot: doubles of the host, or floats, which only a little-endian host loads like
/// this. (By reference, because vectors as return values have no common calling convention.)
template <typename Vector>
UPINSPECT_KERNEL void load_deviations(const std::byte* from, double pivot, DoubleVector& out) {
  Vector values;
  std::memcpy(&values, from, sizeof values);
  out = __builtin_convertvector(values, DoubleVector) - pivot;
}

struct DeviationLanes {
  DoubleVector residuals[2] = {};
  DoubleVector squares[2] = {};
};

UPINSPECT_KERNEL void add_deviations(const DoubleVector& low, const DoubleVector& high, DeviationLanes& lanes) {
  lanes.residuals[0] += low;
  lanes.residuals[1] += high;
  lanes.squares[0] += low * low;
  lanes.squares[1] += high * high;
}

template <typename Vector>
UPINSPECT_KERNEL Deviations deviate(const std::byte* from, std::size_t count, double pivot) {
  constexpr std::size_t k_size = sizeof(Vector) / 8;
  DeviationLanes lanes;
  DoubleVector low;
  DoubleVector high;
  std::size_t i = 0;
  for (; i + k_lanes <= count; i += k_lanes) {
    load_deviations<Vector>(from + i * k_size, pivot, low);
    load_deviations<Vector>(from + (i + 8) * k_size, pivot, high);
    add_deviations(low, high, lanes);
  }
  if (i < count) {
    std::array<std::byte, k_lanes * k_size> padded{};
    std::memcpy(padded.data(), from + i * k_size, (count - i) * k_size);
    load_deviations<Vector>(padded.data(), pivot, low);
    load_deviations<Vector>(padded.data() + 8 * k_size, pivot, high);
    for (std::size_t lane = count - i; lane < k_lanes; ++lane) {
      (lane < 8 ? low : high)[lane % 8] = 0;
    }
    add_deviations(low, high, lanes);
  }
  return {join(lanes.residuals[0], lanes.residuals[1]), join(lanes.squares[0], lanes.squares[1])};
}

UPINSPECT_KERNEL Deviations deviate_f32(std::span<const std::byte> bytes, double pivot) {
  return deviate<FloatVector>(bytes.data(), bytes.size() / 4, pivot);
}

UPINSPECT_KERNEL Deviations deviate_f64(std::span<const double> values, double pivot) {
  return deviate<DoubleVector>(std::as_bytes(values).data(), values.size(), pivot);
}

}  // namespace upinspect::numeric::bodies
