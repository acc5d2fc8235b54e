// SPDX-License-Identifier: Apache-2.0
#include "numeric/decode.hpp"

#include "numeric/load.hpp"
#include "numeric/small_float.hpp"

#include <array>
#include <cmath>
#include <type_traits>

namespace upinspect::numeric {

namespace {

/// What the sign and exponent of a 16-bit pattern say: its value is scale * (offset + fraction).
struct Binade {
  double scale;
  std::uint32_t offset;
};

template <SmallFloat Format>
constexpr auto make_binades() {
  std::array<Binade, std::size_t{2} << Format.exponent_bits> binades{};
  for (std::uint32_t i = 0; i < binades.size(); ++i) {
    const auto first = i << Format.fraction_bits;
    const auto exponent = Format.exponent(first);
    const int stored = static_cast<int>(exponent == 0 ? 1 : exponent);
    const int power = stored - Format.bias - static_cast<int>(Format.fraction_bits);
    binades[i].scale = (Format.negative(first) ? -1.0 : 1.0) * power_of_two(power);
    binades[i].offset = exponent == 0 ? 0 : std::uint32_t{1} << Format.fraction_bits;
  }
  return binades;
}

/// Least and greatest key and the counts of a Tally, gathered without branches on the data.
template <typename Bits>
struct Gatherer {
  Bits infinity;
  Bits least_normal;
  Tally found{};

  /// 1 for a finite value, 0 for others.
  [[gnu::always_inline]] std::size_t add(Bits magnitude, double value) noexcept {
    const bool finite = magnitude < infinity;
    const auto key = order_key(value);
    found.least = std::min(found.least, finite ? key : UINT64_MAX);
    found.greatest = std::max(found.greatest, finite ? key : 0);
    found.infs += magnitude == infinity ? 1 : 0;
    found.nans += magnitude > infinity ? 1 : 0;
    found.zeros += magnitude == 0 ? 1 : 0;
    found.subnormals += magnitude < least_normal ? 1 : 0;
    return static_cast<std::size_t>(finite);
  }

  void finish(Tally& tally) noexcept {
    found.subnormals -= found.zeros;
    tally.merge(found);
  }
};

/// Writes the finite values to `out` and returns how many there are. A special value is written too, and overwritten.
template <SmallFloat Format>
std::size_t decode_small(std::span<const std::byte> chunk, Tally& tally, double* out) {
  static constexpr auto k_binades = make_binades<Format>();
  constexpr std::uint32_t k_infinity = ((std::uint32_t{1} << Format.exponent_bits) - 1) << Format.fraction_bits;
  Gatherer<std::uint32_t> gatherer{k_infinity, std::uint32_t{1} << Format.fraction_bits};
  std::size_t count = 0;
  for (std::size_t i = 0; i + 2 <= chunk.size(); i += 2) {
    const std::uint32_t bits = load_le<std::uint16_t>(chunk.data() + i);
    const auto& binade = k_binades[bits >> Format.fraction_bits];
    const double value = binade.scale * static_cast<std::int32_t>(binade.offset + Format.fraction(bits));
    out[count] = value;
    count += gatherer.add(bits & 0x7fff, value);
  }
  gatherer.finish(tally);
  return count;
}

/// The same for f32 and f64.
template <typename Float>
std::size_t decode_ieee(std::span<const std::byte> chunk, Tally& tally, double* out) {
  using Bits = BitsOf<Float>;
  Gatherer<Bits> gatherer{std::bit_cast<Bits>(std::numeric_limits<Float>::infinity()),
                          std::bit_cast<Bits>(std::numeric_limits<Float>::min())};
  std::size_t count = 0;
  for (std::size_t i = 0; i + sizeof(Float) <= chunk.size(); i += sizeof(Float)) {
    const auto bits = load_le<Bits>(chunk.data() + i);
    const auto value = static_cast<double>(std::bit_cast<Float>(bits));
    out[count] = value;
    count += gatherer.add(bits & (static_cast<Bits>(~Bits{0}) >> 1), value);
  }
  gatherer.finish(tally);
  return count;
}

/// Integers of up to 32 bits are doubles; their keys need all 64 bits only for the sign.
template <typename Integer>
std::size_t decode_integers(std::span<const std::byte> chunk, Tally& tally, double* out) {
  Integer least = std::numeric_limits<Integer>::max();
  Integer greatest = std::numeric_limits<Integer>::min();
  std::uint64_t zeros = 0;
  const std::size_t count = chunk.size() / sizeof(Integer);
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = load_le<Integer>(chunk.data() + i * sizeof(Integer));
    least = std::min(least, value);
    greatest = std::max(greatest, value);
    zeros += value == 0 ? 1 : 0;
    out[i] = static_cast<double>(value);
  }
  tally.zeros += zeros;
  if (count > 0) {
    using Key = std::conditional_t<std::is_signed_v<Integer>, std::int64_t, std::uint64_t>;
    const auto key = [](Integer value) {
      if constexpr (std::is_signed_v<Integer>) {
        return order_key(static_cast<Key>(value));
      } else {
        return static_cast<Key>(value);
      }
    };
    tally.extend(key(least));
    tally.extend(key(greatest));
  }
  return count;
}

/// Integers of 64 bits are not doubles. Their distances from the least of the chunk are: summed exactly for the mean,
/// rounded for the spread, whose own digits are all that this costs.
template <typename Integer>
ChunkSums sum_wide_integers(std::span<const std::byte> chunk, Tally& tally, std::vector<double>& scratch) {
  const std::size_t count = decode_integers<Integer>(chunk, tally, scratch.data());
  if (count == 0) {
    return {};
  }
  Integer least = std::numeric_limits<Integer>::max();
  for (std::size_t i = 0; i < count; ++i) {
    least = std::min(least, load_le<Integer>(chunk.data() + i * sizeof(Integer)));
  }
  Wide sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = load_le<Integer>(chunk.data() + i * sizeof(Integer));
    const auto distance = static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(least);
    sum += distance;
    scratch[i] = static_cast<double>(distance);
  }
  auto sums = sums_of_f64(std::span(scratch).first(count));
  const bool negative = least < 0;
  const auto magnitude = negative ? std::uint64_t{0} - static_cast<std::uint64_t>(least) : static_cast<std::uint64_t>(least);
  const auto base = from_integer(magnitude);
  sums.mean = from_integer(sum) / from_integer(count) + (negative ? -base : base);
  return sums;
}

/// Within these exponents sums of squares stay well inside the range of a double.
constexpr int k_tame_exponent = 300;
constexpr int k_scale_limit = 1000;

ChunkSums sum_scaled(std::span<double> values) {
  double greatest = 0;
  for (const auto value : values) {
    greatest = std::max(greatest, std::fabs(value));
  }
  int exponent = greatest > 0 ? std::ilogb(greatest) : 0;
  if (exponent >= -k_tame_exponent && exponent <= k_tame_exponent) {
    return sums_of_f64(values);
  }
  exponent = std::clamp(exponent, -k_scale_limit, k_scale_limit);
  const double factor = power_of_two(-exponent);
  for (auto& value : values) {
    value *= factor;
  }
  auto sums = sums_of_f64(values);
  sums.exponent = exponent;
  return sums;
}

double value_of_key(std::int32_t key) noexcept {
  return static_cast<double>(std::bit_cast<float>(key < 0 ? key ^ 0x7fffffff : key));
}

void add_scan(const FloatScan& scan, Tally& tally) noexcept {
  tally.zeros += scan.zeros;
  tally.subnormals += scan.below_normal - scan.zeros;
  tally.extend(order_key(value_of_key(scan.least)));
  tally.extend(order_key(value_of_key(scan.greatest)));
}

ChunkSums sum_f32_with_specials(std::span<const std::byte> chunk, Tally& tally, std::vector<double>& scratch) {
  return sums_of_f64(std::span(scratch).first(decode_ieee<float>(chunk, tally, scratch.data())));
}

ChunkSums sum_f32(std::span<const std::byte> chunk, Tally& tally, std::vector<double>& scratch) {
  const auto scan = kernels().scan_f32(chunk);
  if (scan.specials != 0) {
    return sum_f32_with_specials(chunk, tally, scratch);
  }
  if (chunk.size() < sizeof(float)) {
    return {};
  }
  add_scan(scan, tally);
  return sums_of_f32(chunk);
}

void need_scratch(std::size_t count, std::vector<double>& scratch) {
  if (scratch.size() < count) {
    scratch.resize(count);
  }
}

}  // namespace

ChunkSums decode_and_sum(Dtype dtype, std::span<const std::byte> chunk, Tally& tally, std::vector<double>& scratch) {
  // One more than there are elements: a special value is written before it is dropped.
  need_scratch(chunk.size() / info(dtype).block_bytes + 1, scratch);
  const auto sum_first = [&](std::size_t count) { return sums_of_f64(std::span(scratch).first(count)); };
  switch (dtype) {
    case Dtype::f64: return sum_scaled(std::span(scratch).first(decode_ieee<double>(chunk, tally, scratch.data())));
    case Dtype::f32: return sum_f32(chunk, tally, scratch);
    case Dtype::f16: return sum_first(decode_small<k_f16>(chunk, tally, scratch.data()));
    case Dtype::bf16: return sum_first(decode_small<k_bf16>(chunk, tally, scratch.data()));
    case Dtype::i16: return sum_first(decode_integers<std::int16_t>(chunk, tally, scratch.data()));
    case Dtype::u16: return sum_first(decode_integers<std::uint16_t>(chunk, tally, scratch.data()));
    case Dtype::i32: return sum_first(decode_integers<std::int32_t>(chunk, tally, scratch.data()));
    case Dtype::u32: return sum_first(decode_integers<std::uint32_t>(chunk, tally, scratch.data()));
    case Dtype::i64: return sum_wide_integers<std::int64_t>(chunk, tally, scratch);
    case Dtype::u64: return sum_wide_integers<std::uint64_t>(chunk, tally, scratch);
    default: return {};
  }
}

ChunkSums decode_and_sum(std::span<const std::byte> chunk, double pivot, const FloatPass& pass, Tally& tally,
                         std::vector<double>& scratch) {
  if (pass.scan.specials != 0) {
    need_scratch(chunk.size() / sizeof(float) + 1, scratch);
    return sum_f32_with_specials(chunk, tally, scratch);
  }
  add_scan(pass.scan, tally);
  return sums_of_f32(chunk, pivot, pass.deviations);
}

}  // namespace upinspect::numeric
