// SPDX-License-Identifier: Apache-2.0
// Every type becomes f32 or f64: f16 and bf16 are widened, integers converted, infinities and NaN left out.
#include "numeric/decode.hpp"

#include "numeric/load.hpp"
#include "numeric/small_float.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace upinspect::numeric {

namespace {

using View = std::span<const std::byte>;

/// Room for `bytes` bytes.
std::byte* room(Scratch& scratch, std::size_t bytes) {
  if (scratch.size() < bytes) {
    scratch.resize(bytes);
  }
  return scratch.data();
}

/// The value of a scan's key.
double value_of(std::int32_t key) noexcept {
  return static_cast<double>(std::bit_cast<float>(key < 0 ? key ^ INT32_MAX : key));
}
double value_of(std::int64_t key) noexcept { return std::bit_cast<double>(key < 0 ? key ^ INT64_MAX : key); }

template <typename Key>
void add_scan(const FloatScan<Key>& scan, Tally& tally) noexcept {
  tally.zeros += scan.zeros;
  tally.subnormals += scan.below_normal - scan.zeros;
  tally.extend(order_key(value_of(scan.least)));
  tally.extend(order_key(value_of(scan.greatest)));
}

/// Copies the finite elements to `out`, in order, and counts the others. `out` may be where they come from.
template <typename Float>
View keep_finite(View chunk, Tally& tally, std::byte* out) noexcept {
  using Bits = BitsOf<Float>;
  constexpr Bits k_infinity = std::bit_cast<Bits>(std::numeric_limits<Float>::infinity());
  const std::size_t count = chunk.size() / sizeof(Float);
  std::size_t kept = 0;
  std::size_t infinite = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = load_le<Bits>(chunk.data() + i * sizeof(Float));
    const Bits magnitude = bits & (static_cast<Bits>(~Bits{0}) >> 1);
    // Every element is stored; one that is not kept is overwritten by the next.
    store_le(bits, out + kept * sizeof(Float));
    kept += static_cast<std::size_t>(magnitude < k_infinity);
    infinite += static_cast<std::size_t>(magnitude == k_infinity);
  }
  tally.infs += infinite;
  tally.nans += count - kept - infinite;
  return {out, kept * sizeof(Float)};
}

// --- Floats ------------------------------------------------------------------------------------------------------

ChunkSums sum_f32(View chunk, std::int32_t least_normal, Tally& tally, std::byte* scratch) {
  auto scan = kernels().scan_f32(chunk, least_normal);
  if (scan.has_specials()) {
    chunk = keep_finite<float>(chunk, tally, scratch);
    scan = kernels().scan_f32(chunk, least_normal);
  }
  if (chunk.size() < sizeof(float)) {
    return {};
  }
  add_scan(scan, tally);
  return sums_of_f32(chunk);
}

// Between these exponents squares and their sums stay well inside the range of a double.
constexpr int k_tame_exponent = 300;
constexpr int k_scale_limit = 1000;

/// The power of two to divide by so that squares keep inside the range: 0 for any usual chunk.
int scale_exponent(const FloatScan64& scan) noexcept {
  const double greatest = std::max(std::fabs(value_of(scan.least)), std::fabs(value_of(scan.greatest)));
  const int exponent = greatest > 0 ? std::ilogb(greatest) : 0;
  const bool tame = exponent >= -k_tame_exponent && exponent <= k_tame_exponent;
  return tame ? 0 : std::clamp(exponent, -k_scale_limit, k_scale_limit);
}

View scale_f64(View chunk, int exponent, std::byte* out) noexcept {
  const double factor = power_of_two(-exponent);
  for (std::size_t i = 0; i < chunk.size(); i += sizeof(double)) {
    store_le(load_le<double>(chunk.data() + i) * factor, out + i);
  }
  return {out, chunk.size()};
}

ChunkSums sum_f64(View chunk, Tally& tally, std::byte* scratch) {
  auto scan = kernels().scan_f64(chunk);
  if (scan.has_specials()) {
    chunk = keep_finite<double>(chunk, tally, scratch);
    scan = kernels().scan_f64(chunk);
  }
  if (chunk.size() < sizeof(double)) {
    return {};
  }
  add_scan(scan, tally);
  const int exponent = scale_exponent(scan);
  auto sums = sums_of_f64(exponent == 0 ? chunk : scale_f64(chunk, exponent, scratch));
  sums.exponent = exponent;
  return sums;
}

ChunkSums sum_f16(View chunk, Tally& tally, std::byte* scratch) {
  constexpr std::int32_t k_least_f16 = 0x38800000;  // 2^-14
  kernels().widen_f16(chunk, scratch);
  return sum_f32({scratch, chunk.size() * 2}, k_least_f16, tally, scratch);
}

ChunkSums sum_bf16(View chunk, Tally& tally, std::byte* scratch) {
  for (std::size_t i = 0; i < chunk.size() / 2; ++i) {
    store_le(std::uint32_t{load_le<std::uint16_t>(chunk.data() + 2 * i)} << 16, scratch + 4 * i);
  }
  return sum_f32({scratch, chunk.size() * 2}, k_least_f32, tally, scratch);
}

// --- Integers ----------------------------------------------------------------------------------------------------

template <typename Integer>
std::uint64_t integer_key(Integer value) noexcept {
  if constexpr (std::is_signed_v<Integer>) {
    return order_key(static_cast<std::int64_t>(value));
  } else {
    return value;
  }
}

template <typename Integer>
struct IntegerScan {
  Integer least = std::numeric_limits<Integer>::max();
  Integer greatest = std::numeric_limits<Integer>::min();
};

template <typename Integer>
IntegerScan<Integer> scan_integers(View chunk, Tally& tally) noexcept {
  IntegerScan<Integer> scan;
  std::uint64_t zeros = 0;
  for (std::size_t i = 0; i < chunk.size(); i += sizeof(Integer)) {
    const auto value = load_le<Integer>(chunk.data() + i);
    scan.least = std::min(scan.least, value);
    scan.greatest = std::max(scan.greatest, value);
    zeros += static_cast<std::uint64_t>(value == 0);
  }
  tally.zeros += zeros;
  if (!chunk.empty()) {
    tally.extend(integer_key(scan.least));
    tally.extend(integer_key(scan.greatest));
  }
  return scan;
}

/// Integers of up to 32 bits are doubles.
template <typename Integer>
ChunkSums sum_integers(View chunk, Tally& tally, std::byte* scratch) {
  scan_integers<Integer>(chunk, tally);
  const std::size_t count = chunk.size() / sizeof(Integer);
  for (std::size_t i = 0; i < count; ++i) {
    store_le(static_cast<double>(load_le<Integer>(chunk.data() + i * sizeof(Integer))), scratch + 8 * i);
  }
  return sums_of_f64({scratch, count * 8});
}

/// The nearest double, from two exact halves: a conversion that does not branch on the top bit.
double nearest_double(std::uint64_t value) noexcept {
  const auto high = static_cast<double>(static_cast<std::int64_t>(value >> 32)) * 4294967296.0;
  return high + static_cast<double>(static_cast<std::int64_t>(value & 0xffffffff));
}

/// Integers of 64 bits are not doubles. Their distances from the least of the chunk are: summed exactly for the mean,
/// rounded for the spread, whose own digits are all that this costs.
template <typename Integer>
ChunkSums sum_wide_integers(View chunk, Tally& tally, std::byte* scratch) {
  const auto least = scan_integers<Integer>(chunk, tally).least;
  const auto base = static_cast<std::uint64_t>(least);
  Wide sum = 0;
  for (std::size_t i = 0; i < chunk.size(); i += sizeof(Integer)) {
    const auto distance = load_le<std::uint64_t>(chunk.data() + i) - base;
    sum += distance;
    store_le(nearest_double(distance), scratch + i);
  }
  auto sums = sums_of_f64({scratch, chunk.size()});
  if (sums.count > 0) {
    const bool negative = least < 0;
    const auto magnitude = from_integer(negative ? std::uint64_t{0} - base : base);
    sums.mean = from_wide(sum) / from_integer(sums.count) + (negative ? -magnitude : magnitude);
  }
  return sums;
}

}  // namespace

ChunkSums sum_chunk(Dtype dtype, View chunk, Tally& tally, Scratch& scratch) {
  const std::size_t count = chunk.size() / info(dtype).block_bytes;
  chunk = chunk.first(count * info(dtype).block_bytes);
  // One element more than there are, for what keep_finite overwrites.
  auto* const space = room(scratch, (count + 1) * sizeof(double));
  switch (dtype) {
    case Dtype::f64: return sum_f64(chunk, tally, space);
    case Dtype::f32: return sum_f32(chunk, k_least_f32, tally, space);
    case Dtype::f16: return sum_f16(chunk, tally, space);
    case Dtype::bf16: return sum_bf16(chunk, tally, space);
    case Dtype::i16: return sum_integers<std::int16_t>(chunk, tally, space);
    case Dtype::u16: return sum_integers<std::uint16_t>(chunk, tally, space);
    case Dtype::i32: return sum_integers<std::int32_t>(chunk, tally, space);
    case Dtype::u32: return sum_integers<std::uint32_t>(chunk, tally, space);
    case Dtype::i64: return sum_wide_integers<std::int64_t>(chunk, tally, space);
    case Dtype::u64: return sum_wide_integers<std::uint64_t>(chunk, tally, space);
    default: return {};
  }
}

ChunkSums sum_chunk(View chunk, double pivot, const FloatPass& pass, Tally& tally, Scratch& scratch) {
  if (pass.scan.has_specials()) {
    return sum_chunk(Dtype::f32, chunk, tally, scratch);
  }
  add_scan(pass.scan, tally);
  return sums_of_f32(chunk, pivot, pass.deviations);
}

}  // namespace upinspect::numeric
