// SPDX-License-Identifier: Apache-2.0
// The inner loops, once per instruction set. All sets give the same bits: counts are integers, and floating sums have
// one fixed order (sixteen lanes, element i in lane i mod 16, lanes joined by halving).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace upinspect::numeric {

/// tables[i][v]: how often byte v stood at a position that is i modulo 16. For elements of 1, 2, 4, 8 or 16 bytes,
/// table i counts byte i mod size of an element. Sixteen tables also keep equal bytes from waiting for one another.
using ByteTables = std::array<std::array<std::uint32_t, 256>, 16>;

/// Two counts for each 16-bit pattern, whose sum is meant: neighbours count in different tables, so that equal ones need
/// not wait for one another.
using WordTable = std::array<std::uint32_t, 65536>;
using WordTables = std::array<WordTable, 2>;

/// What one look at f32 bit patterns tells. Keys are the patterns in the order of their values: as signed integers,
/// with the lower 31 bits of negative numbers turned over. `least` and `greatest` hold for chunks without specials.
struct FloatScan {
  std::int32_t least = INT32_MAX;
  std::int32_t greatest = INT32_MIN;
  std::uint32_t zeros = 0;
  std::uint32_t below_normal = 0;  ///< zeros and subnormals
  std::uint32_t specials = 0;      ///< infinities and NaN
};

/// Sums of (x - pivot) and of its square.
struct Deviations {
  double residual = 0;
  double squares = 0;
};

struct FloatPass {
  FloatScan scan;
  Deviations deviations;
};

inline constexpr std::size_t k_lanes = 16;

/// Bytes are little-endian elements at any alignment; a last incomplete element is left out. Tables are added to, at
/// most 2^32 - 1 per bin: the caller keeps track.
struct Kernels {
  const char* name;

  void (*count_bytes)(std::span<const std::byte> bytes, ByteTables& tables);

  /// Elements of two bytes.
  void (*count_words)(std::span<const std::byte> bytes, WordTables& tables);

  /// Elements of four bytes: the two low bytes and the high half, which is one number because it has few values in
  /// weights, and one count is cheaper than two.
  void (*count_quads)(std::span<const std::byte> bytes, ByteTables& low, WordTables& high);

  FloatScan (*scan_f32)(std::span<const std::byte> bytes);
  Deviations (*deviate_f32)(std::span<const std::byte> bytes, double pivot);
  Deviations (*deviate_f64)(std::span<const double> values, double pivot);

  /// count_quads, scan_f32 and deviate_f32 in one pass.
  FloatPass (*measure_f32)(std::span<const std::byte> bytes, double pivot, ByteTables& low, WordTables& high);

  /// Copies the elements of two or four bytes that differ from `value` to `out`, in order; returns how many there are.
  /// `out` holds as many bytes as `bytes`, and what comes after the copied ones is left in any state.
  std::size_t (*keep_words)(std::span<const std::byte> bytes, std::uint16_t value, std::byte* out);
  std::size_t (*keep_quads)(std::span<const std::byte> bytes, std::uint32_t value, std::byte* out);
};

/// The kernels for this machine.
[[nodiscard]] const Kernels& kernels() noexcept;

/// The plain, scalar kernels: what the others are compared with.
[[nodiscard]] const Kernels& plain_kernels() noexcept;

/// Every set of kernels that this machine can run, the plain one first.
[[nodiscard]] std::span<const Kernels* const> runnable_kernels() noexcept;

/// Chooses another set for what follows, for tests and benchmarks. Not to be called while others measure.
void use_kernels(const Kernels& chosen) noexcept;

}  // namespace upinspect::numeric
