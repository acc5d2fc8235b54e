// SPDX-License-Identifier: Apache-2.0
// The inner loops, once per instruction set. All sets give the same bits: counts are integers, and floating sums have
// one fixed order (sixteen lanes, element i in lane i mod 16, lanes joined by halving).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace upinspect::numeric {

/// tables[i][v]: how often byte v stood at a position of an element that is i modulo the element's size of 1, 2, 4, 8
/// or 16; the sum over such i is meant. Sixteen tables keep equal bytes from waiting for one another.
using ByteTables = std::array<std::array<std::uint32_t, 256>, 16>;

/// A count for each 16-bit pattern. One, and not several side by side: the patterns that weights have then fit the
/// cache.
using WordTable = std::array<std::uint32_t, 65536>;

/// What one look at the bit patterns of floats tells. Keys are the patterns in the order of their values: as signed
/// integers, with the lower bits of negative numbers turned over. Infinities and NaN have the outermost keys.
template <typename Key>
struct FloatScan {
  Key least = std::numeric_limits<Key>::max();
  Key greatest = std::numeric_limits<Key>::min();
  std::uint32_t zeros = 0;
  std::uint32_t below_normal = 0;  ///< zeros and subnormals

  /// True where an element is infinite or NaN.
  [[nodiscard]] constexpr bool has_specials() const noexcept {
    constexpr Key k_infinity = sizeof(Key) == 4 ? Key{0x7f800000} : static_cast<Key>(0x7ff0000000000000);
    return least <= ~k_infinity || greatest >= k_infinity;
  }
};
using FloatScan32 = FloatScan<std::int32_t>;
using FloatScan64 = FloatScan<std::int64_t>;

/// Sums of (x - pivot) and of its square.
struct Deviations {
  double residual = 0;
  double squares = 0;
};

struct FloatPass {
  FloatScan32 scan;
  Deviations deviations;
};

/// Of a row of counts c: the sums of c, of c * i and of c * i * i, where i is the index in the row, at most 1023.
struct RowSums {
  std::uint64_t count = 0;
  std::uint64_t linear = 0;
  std::uint64_t square = 0;
};

inline constexpr std::size_t k_lanes = 16;

inline constexpr std::int32_t k_least_f32 = 0x00800000;

/// Bytes are little-endian elements at any alignment; a last incomplete element is left out. Tables are added to, at
/// most 2^32 - 1 per bin: the caller keeps track.
struct Kernels {
  const char* name;

  /// Elements of `unit` bytes: 1, 2, 4, 8 or 16.
  void (*count_bytes)(std::span<const std::byte> bytes, std::size_t unit, ByteTables& tables);

  /// Elements of two bytes.
  void (*count_words)(std::span<const std::byte> bytes, WordTable& table);

  /// Elements of four bytes: the two low bytes and the high half, which is one number because it has few values in
  /// weights, and one count is cheaper than two.
  void (*count_quads)(std::span<const std::byte> bytes, ByteTables& low, WordTable& high);

  /// f32, whose magnitudes below the pattern `least_normal` are subnormal. That pattern is k_least_f32 but for narrower
  /// floats that were widened.
  FloatScan32 (*scan_f32)(std::span<const std::byte> bytes, std::int32_t least_normal);
  FloatScan64 (*scan_f64)(std::span<const std::byte> bytes);

  Deviations (*deviate_f32)(std::span<const std::byte> bytes, double pivot);
  Deviations (*deviate_f64)(std::span<const std::byte> bytes, double pivot);

  /// f32: count_quads, scan_f32 and deviate_f32 in one pass.
  FloatPass (*measure_f32)(std::span<const std::byte> bytes, double pivot, ByteTables& low, WordTable& high);

  /// Writes the f32 of each f16 to `out`, which has twice the size of `bytes`. A NaN stays one.
  void (*widen_f16)(std::span<const std::byte> bytes, std::byte* out);

  RowSums (*sum_row)(std::span<const std::uint32_t> row);

  /// Copies the elements of two or four bytes that differ from `value` to `out`, in order; returns how many there are.
  /// `out` holds as many bytes as `bytes` and 64 more, and what comes after the copied ones is left in any state.
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
