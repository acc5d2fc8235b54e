// SPDX-License-Identifier: Apache-2.0
// The portable inner loops as inline bodies, so that each instruction set compiles them for itself. Vectors of fixed
// width say what is computed; the compiler says with which registers. A lambda here would not inherit its caller's
// instruction set, hence none.
#pragma once

#include "numeric/kernels.hpp"
#include "numeric/load.hpp"
#include "numeric/widen_floats.hpp"

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

UPINSPECT_KERNEL void count_words(std::span<const std::byte> bytes, WordTable& table) {
  const std::byte* const from = bytes.data();
  const std::size_t count = bytes.size() / 2;
  const std::size_t in_fours = count / 4 * 4;
  for (std::size_t i = 0; i < in_fours; i += 4) {
    const auto four = load_le<std::uint64_t>(from + 2 * i);
    ++table[four & 0xffff];
    ++table[(four >> 16) & 0xffff];
    ++table[(four >> 32) & 0xffff];
    ++table[four >> 48];
  }
  for (std::size_t i = in_fours; i < count; ++i) {
    ++table[load_le<std::uint16_t>(from + 2 * i)];
  }
}

/// Two elements of four bytes, in the tables of the first or of the second eight positions.
UPINSPECT_KERNEL void count_two_quads(std::uint64_t two, std::array<std::uint32_t, 256>* low, WordTable& high) {
  ++low[0][two & 255];
  ++low[1][(two >> 8) & 255];
  ++high[(two >> 16) & 0xffff];
  ++low[4][(two >> 32) & 255];
  ++low[5][(two >> 40) & 255];
  ++high[two >> 48];
}

UPINSPECT_KERNEL void count_last_quads(std::span<const std::byte> bytes, ByteTables& low, WordTable& high) {
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    const auto one = load_le<std::uint32_t>(bytes.data() + i);
    ++low[0][one & 255];
    ++low[1][(one >> 8) & 255];
    ++high[one >> 16];
  }
}

UPINSPECT_KERNEL void count_quads(std::span<const std::byte> bytes, ByteTables& low, WordTable& high) {
  const std::size_t in_pairs = bytes.size() / 16 * 16;
  for (std::size_t i = 0; i < in_pairs; i += 16) {
    count_two_quads(load_le<std::uint64_t>(bytes.data() + i), low.data(), high);
    count_two_quads(load_le<std::uint64_t>(bytes.data() + i + 8), low.data() + 8, high);
  }
  count_last_quads(bytes.subspan(in_pairs), low, high);
}

/// Every element is stored; one that equals `value` is overwritten by the next.
template <typename Element>
UPINSPECT_KERNEL std::size_t keep_others(std::span<const std::byte> bytes, Element value, std::byte* out) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i + sizeof(Element) <= bytes.size(); i += sizeof(Element)) {
    const auto element = load_le<Element>(bytes.data() + i);
    std::memcpy(out + kept * sizeof(Element), bytes.data() + i, sizeof(Element));
    kept += element != value ? 1 : 0;
  }
  return kept;
}

/// The vectors of a set whose registers have `Width` bytes. (Functions take them by reference: as arguments and return
/// values they have no common calling convention.)
template <std::size_t Width>
struct Vectors {
  using Floats [[gnu::vector_size(Width / 2)]] = float;
  using Doubles [[gnu::vector_size(Width)]] = double;
  using Halves [[gnu::vector_size(Width / 2)]] = std::uint16_t;
  using Quads [[gnu::vector_size(Width)]] = std::uint32_t;
  using Singles [[gnu::vector_size(Width)]] = float;
  static constexpr std::size_t k_doubles = Width / sizeof(double);
};

/// The patterns of a float of the size of Key, as signed integers.
template <typename Key>
struct Patterns {
  static constexpr Key k_magnitude = std::numeric_limits<Key>::max();
  static constexpr int k_sign_shift = 8 * sizeof(Key) - 1;
};

/// What a scan gathers, in each lane of a register. A true comparison is -1 in its lane.
template <std::size_t Width, typename Key>
struct ScanLanes {
  using Keys [[gnu::vector_size(Width)]] = Key;
  Keys least = Keys{} + std::numeric_limits<Key>::max();
  Keys greatest = Keys{} + std::numeric_limits<Key>::min();
  Keys zeros{};
  Keys below_normal{};
};

template <std::size_t Width, typename Key>
UPINSPECT_KERNEL void scan_register(const std::byte* from, Key least_normal, ScanLanes<Width, Key>& lanes) {
  using Keys = typename ScanLanes<Width, Key>::Keys;
  Keys bits;
  std::memcpy(&bits, from, sizeof bits);
  const Keys magnitude = bits & Patterns<Key>::k_magnitude;
  const Keys key = bits ^ ((bits >> Patterns<Key>::k_sign_shift) & Patterns<Key>::k_magnitude);
  lanes.least = key < lanes.least ? key : lanes.least;
  lanes.greatest = key > lanes.greatest ? key : lanes.greatest;
  lanes.zeros -= magnitude == 0;
  lanes.below_normal -= magnitude < least_normal;
}

template <std::size_t Width, typename Key>
UPINSPECT_KERNEL FloatScan<Key> join(const ScanLanes<Width, Key>& lanes) {
  FloatScan<Key> scan;
  for (std::size_t lane = 0; lane < Width / sizeof(Key); ++lane) {
    scan.least = std::min<Key>(scan.least, lanes.least[lane]);
    scan.greatest = std::max<Key>(scan.greatest, lanes.greatest[lane]);
    scan.zeros += static_cast<std::uint32_t>(lanes.zeros[lane]);
    scan.below_normal += static_cast<std::uint32_t>(lanes.below_normal[lane]);
  }
  return scan;
}

template <typename Key>
UPINSPECT_KERNEL void scan_last(std::span<const std::byte> bytes, Key least_normal, FloatScan<Key>& scan) {
  for (std::size_t i = 0; i + sizeof(Key) <= bytes.size(); i += sizeof(Key)) {
    const auto bits = load_le<Key>(bytes.data() + i);
    const Key magnitude = bits & Patterns<Key>::k_magnitude;
    const Key key = bits ^ ((bits >> Patterns<Key>::k_sign_shift) & Patterns<Key>::k_magnitude);
    scan.least = std::min(scan.least, key);
    scan.greatest = std::max(scan.greatest, key);
    scan.zeros += magnitude == 0 ? 1 : 0;
    scan.below_normal += magnitude < least_normal ? 1 : 0;
  }
}

template <std::size_t Width, typename Key>
UPINSPECT_KERNEL FloatScan<Key> scan(std::span<const std::byte> bytes, Key least_normal) {
  const std::size_t in_registers = bytes.size() / Width * Width;
  ScanLanes<Width, Key> lanes;
  for (std::size_t i = 0; i < in_registers; i += Width) {
    scan_register<Width, Key>(bytes.data() + i, least_normal, lanes);
  }
  auto found = join<Width, Key>(lanes);
  scan_last<Key>(bytes.subspan(in_registers), least_normal, found);
  return found;
}

template <std::size_t Width>
UPINSPECT_KERNEL FloatScan32 scan_f32(std::span<const std::byte> bytes, std::int32_t least_normal) {
  return scan<Width, std::int32_t>(bytes, least_normal);
}

template <std::size_t Width>
UPINSPECT_KERNEL FloatScan64 scan_f64(std::span<const std::byte> bytes) {
  return scan<Width, std::int64_t>(bytes, 0x0010000000000000);
}

/// As many f16 as a register has f32. A fraction without a hidden one gets 2^-14 added and taken off again, which is
/// exact and costs less than arithmetic with subnormals.
template <std::size_t Width>
UPINSPECT_KERNEL void widen_register(const std::byte* from, std::byte* out) {
  using Quads = typename Vectors<Width>::Quads;
  using Singles = typename Vectors<Width>::Singles;
  typename Vectors<Width>::Halves halves;
  std::memcpy(&halves, from, sizeof halves);
  const Quads bits = __builtin_convertvector(halves, Quads);
  const Quads magnitude = (bits & 0x7fff) << 13;
  const Quads if_special = (Quads)(magnitude >= 0x0f800000);
  const Quads if_small = (Quads)(magnitude < 0x00800000);
  const Singles with_one = (Singles)(magnitude + 0x38800000);
  const Quads small = (Quads)(with_one - 0x1p-14F);
  const Quads usual = magnitude + 0x38000000 + (if_special & 0x38000000);
  const Quads widened = (if_small & small) | (~if_small & usual) | ((bits & 0x8000) << 16);
  std::memcpy(out, &widened, sizeof widened);
}

template <std::size_t Width>
UPINSPECT_KERNEL void widen_f16(std::span<const std::byte> bytes, std::byte* out) {
  constexpr std::size_t k_step = Width / 2;
  const std::size_t in_registers = bytes.size() / k_step * k_step;
  for (std::size_t i = 0; i < in_registers; i += k_step) {
    widen_register<Width>(bytes.data() + i, out + 2 * i);
  }
  const std::size_t last = (bytes.size() - in_registers) / 2 * 2;
  std::array<std::byte, k_step> padded{};
  std::array<std::byte, Width> widened{};
  if (last == 0) {
    return;
  }
  std::memcpy(padded.data(), bytes.data() + in_registers, last);
  widen_register<Width>(padded.data(), widened.data());
  std::memcpy(out + 2 * in_registers, widened.data(), 2 * last);
}

/// Left to the vectoriser. Most rows of a table are empty, which the first loop finds out for less.
UPINSPECT_KERNEL RowSums sum_row(std::span<const std::uint32_t> row) {
  const std::uint32_t* const counts = row.data();
  const auto size = static_cast<std::uint32_t>(row.size());
  RowSums sums;
  for (std::uint32_t i = 0; i < size; ++i) {
    sums.count += counts[i];
  }
  if (sums.count == 0) {
    return sums;
  }
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint64_t count = counts[i];
    sums.linear += count * std::uint64_t{i};
    sums.square += count * std::uint64_t{i * i};
  }
  return sums;
}

/// The sixteen lanes, in as many registers as they take.
template <std::size_t Width>
struct DeviationLanes {
  static constexpr std::size_t k_registers = k_lanes / Vectors<Width>::k_doubles;
  typename Vectors<Width>::Doubles residuals[k_registers] = {};
  typename Vectors<Width>::Doubles squares[k_registers] = {};
};

/// Adds sixteen floats or doubles, loaded as only a little-endian host may. Of the first `count` the deviations
/// count; the rest have none.
template <std::size_t Width, typename Vector>
UPINSPECT_KERNEL void deviate_lanes(const std::byte* from, std::size_t count, double pivot,
                                    DeviationLanes<Width>& lanes) {
  using Doubles = typename Vectors<Width>::Doubles;
  constexpr std::size_t k_doubles = Vectors<Width>::k_doubles;
#pragma GCC unroll 8
  for (std::size_t i = 0; i < DeviationLanes<Width>::k_registers; ++i) {
    Doubles deviation;
    if constexpr (sizeof(Vector) == sizeof(Doubles)) {
      std::memcpy(&deviation, from + i * sizeof deviation, sizeof deviation);
    } else {
      widen_floats(from + i * sizeof(Vector), deviation);
    }
    deviation -= pivot;
    if (count < k_lanes) {
      for (std::size_t lane = 0; lane < k_doubles; ++lane) {
        deviation[lane] = i * k_doubles + lane < count ? deviation[lane] : 0.0;
      }
    }
    lanes.residuals[i] += deviation;
    lanes.squares[i] += deviation * deviation;
  }
}

/// The lanes' sum, by halving: lane i and lane i + 8 first.
template <typename Register, std::size_t Count>
UPINSPECT_KERNEL double join_sum(const Register (&registers)[Count]) {
  std::array<double, k_lanes> lanes{};
  std::memcpy(lanes.data(), registers, sizeof lanes);
  for (std::size_t width = k_lanes / 2; width > 0; width /= 2) {
    for (std::size_t lane = 0; lane < width; ++lane) {
      lanes[lane] += lanes[lane + width];
    }
  }
  return lanes[0];
}

/// The lanes' sums with the last `count` numbers, fewer than sixteen.
template <std::size_t Width, typename Vector>
UPINSPECT_KERNEL Deviations deviate_last(const std::byte* from, std::size_t count, double pivot,
                                         DeviationLanes<Width>& lanes) {
  if (count > 0) {
    constexpr std::size_t k_size = sizeof(Vector) / Vectors<Width>::k_doubles;
    std::array<std::byte, k_lanes * k_size> padded{};
    std::memcpy(padded.data(), from, count * k_size);
    deviate_lanes<Width, Vector>(padded.data(), count, pivot, lanes);
  }
  return {join_sum(lanes.residuals), join_sum(lanes.squares)};
}

template <std::size_t Width, typename Vector>
UPINSPECT_KERNEL Deviations deviate(const std::byte* from, std::size_t count, double pivot) {
  constexpr std::size_t k_size = sizeof(Vector) / Vectors<Width>::k_doubles;
  DeviationLanes<Width> lanes;
  const std::size_t in_lanes = count / k_lanes * k_lanes;
  for (std::size_t i = 0; i < in_lanes; i += k_lanes) {
    deviate_lanes<Width, Vector>(from + i * k_size, k_lanes, pivot, lanes);
  }
  return deviate_last<Width, Vector>(from + in_lanes * k_size, count - in_lanes, pivot, lanes);
}

template <std::size_t Width>
UPINSPECT_KERNEL Deviations deviate_f32(std::span<const std::byte> bytes, double pivot) {
  return deviate<Width, typename Vectors<Width>::Floats>(bytes.data(), bytes.size() / 4, pivot);
}

template <std::size_t Width>
UPINSPECT_KERNEL Deviations deviate_f64(std::span<const std::byte> bytes, double pivot) {
  return deviate<Width, typename Vectors<Width>::Doubles>(bytes.data(), bytes.size() / 8, pivot);
}

/// In one loop, so that the vector units work while the counts wait for the port that stores. Without registers enough
/// for all sums that would only cost more stores: then it is three loops.
template <std::size_t Width>
UPINSPECT_KERNEL FloatPass measure_f32(std::span<const std::byte> bytes, double pivot, ByteTables& low,
                                       WordTable& high) {
  if constexpr (Width < 32) {
    count_quads(bytes, low, high);
    return {scan_f32<Width>(bytes, k_least_f32), deviate_f32<Width>(bytes, pivot)};
  }
  using Floats = typename Vectors<Width>::Floats;
  constexpr std::size_t k_step = k_lanes * sizeof(float);
  ScanLanes<Width, std::int32_t> scans;
  DeviationLanes<Width> deviations;
  const std::size_t in_steps = bytes.size() / k_step * k_step;
  for (std::size_t i = 0; i < in_steps; i += k_step) {
    const std::byte* const from = bytes.data() + i;
    for (std::size_t j = 0; j < k_step; j += Width) {
      scan_register<Width, std::int32_t>(from + j, k_least_f32, scans);
    }
    deviate_lanes<Width, Floats>(from, k_lanes, pivot, deviations);
    // Not unrolled: g++ would carry counts over to the next round in more registers than there are.
#pragma GCC unroll 1
    for (std::size_t j = 0; j < k_step; j += 16) {
      count_two_quads(load_le<std::uint64_t>(from + j), low.data(), high);
      count_two_quads(load_le<std::uint64_t>(from + j + 8), low.data() + 8, high);
    }
  }
  const auto rest = bytes.subspan(in_steps);
  count_last_quads(rest, low, high);
  FloatPass pass;
  pass.scan = join<Width, std::int32_t>(scans);
  pass.deviations = deviate_last<Width, Floats>(rest.data(), rest.size() / 4, pivot, deviations);
  scan_last<std::int32_t>(rest, k_least_f32, pass.scan);
  return pass;
}

}  // namespace upinspect::numeric::bodies
