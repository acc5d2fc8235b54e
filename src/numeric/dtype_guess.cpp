// SPDX-License-Identifier: Apache-2.0
#include "numeric/dtype_guess.hpp"

#include "numeric/load.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace upinspect::numeric {

namespace {

using Histogram = std::array<std::uint64_t, 256>;
using Planes = std::array<Histogram, 8>;

// Positions of one kind differ by chance alone; twice as far apart as this many bits they are of different kinds.
constexpr double k_same_distribution = 0.02;
constexpr double k_fit = 15.0 / 16.0;
constexpr double k_finite = 0.999;
// Weights: magnitudes around 2^-6, an octave away costs a quarter of a bit more.
constexpr int k_usual_exponent = -6;
constexpr double k_bits_per_octave = 0.25;
constexpr double k_exponent_base_bits = 3.6;
constexpr double k_zero_bits = 2.0;
constexpr double k_non_finite_bits = 24.0;

double entropy(const Histogram& counts) {
  double total = 0;
  for (const auto count : counts) {
    total += static_cast<double>(count);
  }
  double bits = 0;
  for (const auto count : counts) {
    if (count != 0) {
      const double p = static_cast<double>(count) / total;
      bits -= p * std::log2(p);
    }
  }
  return bits;
}

Planes count_planes(std::span<const std::byte> sample) {
  Planes planes{};
  for (std::size_t i = 0; i < sample.size(); i += planes.size()) {
    for (std::size_t plane = 0; plane < planes.size(); ++plane) {
      ++planes[plane][std::to_integer<std::size_t>(sample[i + plane])];
    }
  }
  return planes;
}

/// Jensen-Shannon divergence in bits, less what two samples of one distribution show on average.
double divergence(const Histogram& a, const Histogram& b, double samples) {
  Histogram both{};
  double used = 0;
  for (std::size_t i = 0; i < both.size(); ++i) {
    both[i] = a[i] + b[i];
    used += both[i] != 0 ? 1 : 0;
  }
  const double chance = samples > 0 ? (used - 1) / (4 * samples * std::log(2.0)) : 0;
  return entropy(both) - (entropy(a) + entropy(b)) / 2 - chance;
}

unsigned find_period(const Planes& planes, double samples) {
  for (const unsigned period : {1U, 2U, 4U}) {
    bool same = true;
    for (unsigned i = 0; i + period < 8; ++i) {
      same = same && divergence(planes[i], planes[i + period], samples) < k_same_distribution;
    }
    if (same) {
      return period;
    }
  }
  return 8;
}

template <typename Bits>
Bits load(const std::byte* from, ByteOrder order) {
  const auto value = load_le<Bits>(from);
  return order == ByteOrder::little ? value : reverse_bytes(value);
}

struct FloatLayout {
  Dtype dtype;
  unsigned bytes;
  unsigned exponent_bits;
  unsigned mantissa_bits;
};

constexpr std::array k_floats{
    FloatLayout{Dtype::f16, 2, 5, 10},
    FloatLayout{Dtype::bf16, 2, 8, 7},
    FloatLayout{Dtype::f32, 4, 8, 23},
    FloatLayout{Dtype::f64, 8, 11, 52},
};

struct IntegerLayout {
  Dtype dtype;
  unsigned bytes;
};

constexpr std::array k_integers{IntegerLayout{Dtype::i16, 2}, IntegerLayout{Dtype::i32, 4}, IntegerLayout{Dtype::i64, 8}};

/// How often each exponent occurs, and apart from them how many numbers are zero.
struct Magnitudes {
  std::vector<std::uint64_t> exponents;
  std::uint64_t zeros = 0;
};

// Most numbers share a few exponents; counted in one place each would wait for the one before.
constexpr std::size_t k_copies = 4;

template <typename Bits>
Magnitudes magnitudes_of(std::span<const std::byte> sample, const FloatLayout& layout, ByteOrder order) {
  Magnitudes found{std::vector<std::uint64_t>(std::size_t{1} << layout.exponent_bits, 0), 0};
  const auto kinds = found.exponents.size();
  std::vector<std::uint32_t> counts(k_copies * kinds, 0);
  std::size_t copy = 0;
  for (std::size_t at = 0; at < sample.size(); at += sizeof(Bits)) {
    const auto value = load<Bits>(sample.data() + at, order);
    ++counts[copy * kinds + ((value >> layout.mantissa_bits) & (kinds - 1))];
    copy = (copy + 1) % k_copies;
    found.zeros += static_cast<Bits>(value << 1) == 0 ? 1 : 0;
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    found.exponents[i % kinds] += counts[i];
  }
  found.exponents[0] -= found.zeros;
  return found;
}

Magnitudes magnitudes_of(std::span<const std::byte> sample, const FloatLayout& layout, ByteOrder order) {
  switch (layout.bytes) {
    case 2: return magnitudes_of<std::uint16_t>(sample, layout, order);
    case 4: return magnitudes_of<std::uint32_t>(sample, layout, order);
    default: return magnitudes_of<std::uint64_t>(sample, layout, order);
  }
}

DtypeCandidate weigh_float(std::span<const std::byte> sample, const FloatLayout& layout, ByteOrder order) {
  DtypeCandidate candidate{layout.dtype, order};
  auto [exponents, zeros] = magnitudes_of(sample, layout, order);
  const auto elements = static_cast<double>(sample.size() / layout.bytes);
  const int bias = static_cast<int>(exponents.size() / 2) - 1;
  double bits = k_zero_bits * static_cast<double>(zeros) +
                (k_non_finite_bits + layout.mantissa_bits) * static_cast<double>(exponents.back());
  for (std::size_t exponent = 0; exponent + 1 < exponents.size(); ++exponent) {
    const int octaves = std::abs(static_cast<int>(exponent) - bias - k_usual_exponent);
    bits += static_cast<double>(exponents[exponent]) * (1 + layout.mantissa_bits + k_exponent_base_bits + k_bits_per_octave * octaves);
  }
  candidate.bits = bits / elements;
  candidate.finite = 1 - static_cast<double>(exponents.back()) / elements;
  candidate.zeros = static_cast<double>(zeros) / elements;
  exponents[0] += zeros;
  for (const auto count : exponents) {
    if (count != 0) {
      const double p = static_cast<double>(count) / elements;
      candidate.exponent_entropy -= p * std::log2(p);
    }
  }
  return candidate;
}

/// How many numbers have a magnitude of each width in bits.
template <typename Bits>
std::array<std::uint64_t, 65> widths_of(std::span<const std::byte> sample, ByteOrder order) {
  std::array<std::array<std::uint64_t, 65>, k_copies> counts{};
  std::size_t copy = 0;
  for (std::size_t at = 0; at < sample.size(); at += sizeof(Bits)) {
    const auto value = load<Bits>(sample.data() + at, order);
    const auto sign = static_cast<Bits>(0U - (value >> (8 * sizeof(Bits) - 1)));
    const auto magnitude = std::uint64_t{static_cast<Bits>((value ^ sign) - sign)};
    // Both signs and zero come as they like: a branch would guess wrong half the time.
    ++counts[copy][static_cast<std::size_t>(std::bit_width(magnitude | 1)) - (magnitude == 0 ? 1 : 0)];
    copy = (copy + 1) % k_copies;
  }
  for (std::size_t i = 1; i < k_copies; ++i) {
    std::transform(counts[0].begin(), counts[0].end(), counts[i].begin(), counts[0].begin(), std::plus<>());
  }
  return counts[0];
}

std::array<std::uint64_t, 65> widths_of(std::span<const std::byte> sample, unsigned bytes, ByteOrder order) {
  switch (bytes) {
    case 2: return widths_of<std::uint16_t>(sample, order);
    case 4: return widths_of<std::uint32_t>(sample, order);
    default: return widths_of<std::uint64_t>(sample, order);
  }
}

DtypeCandidate weigh_integer(std::span<const std::byte> sample, const IntegerLayout& layout, ByteOrder order) {
  DtypeCandidate candidate{layout.dtype, order};
  const auto widths = widths_of(sample, layout.bytes, order);
  const auto elements = static_cast<double>(sample.size() / layout.bytes);
  double bits = k_zero_bits * static_cast<double>(widths[0]);
  for (std::size_t width = 1; width < widths.size(); ++width) {
    bits += static_cast<double>(widths[width]) * (2.0 * static_cast<double>(width) + 1);
  }
  candidate.bits = bits / elements;
  candidate.zeros = static_cast<double>(widths[0]) / elements;
  return candidate;
}

void keep_if_fits(const DtypeCandidate& candidate, unsigned width, std::vector<DtypeCandidate>& out) {
  if (candidate.bits < k_fit * 8 * width && candidate.finite >= k_finite) {
    out.push_back(candidate);
  }
}

}  // namespace

DtypeGuess guess_dtype(std::span<const std::byte> sample) {
  DtypeGuess guess;
  sample = sample.first(sample.size() / 8 * 8);
  if (sample.empty()) {
    return guess;
  }
  const auto planes = count_planes(sample);
  const auto per_plane = static_cast<double>(sample.size()) / 8;
  guess.all_zero = std::all_of(planes.begin(), planes.end(),
                               [&](const Histogram& plane) { return static_cast<double>(plane[0]) == per_plane; });
  std::transform(planes.begin(), planes.end(), guess.plane_entropy.begin(), entropy);
  guess.period = find_period(planes, per_plane);
  if (guess.all_zero) {
    return guess;
  }
  for (const auto order : {ByteOrder::little, ByteOrder::big}) {
    for (const auto& layout : k_floats) {
      if (layout.bytes >= guess.period && guess.period > 1) {
        keep_if_fits(weigh_float(sample, layout, order), layout.bytes, guess.candidates);
      }
    }
    for (const auto& layout : k_integers) {
      if (layout.bytes >= guess.period && guess.period > 1) {
        keep_if_fits(weigh_integer(sample, layout, order), layout.bytes, guess.candidates);
      }
    }
  }
  const auto cost = [](const DtypeCandidate& candidate) {
    return candidate.bits / info(candidate.dtype).block_bytes;
  };
  std::stable_sort(guess.candidates.begin(), guess.candidates.end(),
                   [&](const DtypeCandidate& a, const DtypeCandidate& b) { return cost(a) < cost(b); });
  return guess;
}

std::vector<std::array<std::uint64_t, 2>> plausible_shapes(std::uint64_t elements, std::size_t most) {
  std::vector<std::array<std::uint64_t, 2>> shapes;
  const auto add = [&](std::uint64_t rows, std::uint64_t columns) {
    const std::array<std::uint64_t, 2> shape{rows, columns};
    if (shapes.size() < most && std::find(shapes.begin(), shapes.end(), shape) == shapes.end()) {
      shapes.push_back(shape);
    }
  };
  constexpr std::uint64_t k_unit = 64;
  constexpr std::uint64_t k_widest = 1 << 18;
  for (std::uint64_t ratio = 1; ratio <= 8; ++ratio) {
    const auto exact = std::sqrt(static_cast<double>(elements) / static_cast<double>(ratio));
    const auto side = static_cast<std::uint64_t>(std::llround(exact));
    if (side >= k_unit && side <= k_widest && side % k_unit == 0 && elements % side == 0 && elements / side == side * ratio) {
      add(side * ratio, side);
      add(side, side * ratio);
    }
  }
  for (const std::uint64_t rank : {16U, 8U, 32U, 4U, 64U, 128U, 2U, 256U, 1U, 512U}) {
    if (elements % rank == 0 && elements / rank > rank && (elements / rank) % k_unit == 0) {
      add(elements / rank, rank);
    }
  }
  return shapes;
}

}  // namespace upinspect::numeric
