// SPDX-License-Identifier: Apache-2.0
// Each kernel as it would be explained: one element after the other.
#include "numeric/kernels.hpp"
#include "numeric/load.hpp"
#include "numeric/small_float.hpp"

#include <algorithm>

namespace upinspect::numeric {

namespace {

void count_bytes(std::span<const std::byte> bytes, std::size_t unit, ByteTables& tables) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    ++tables[i % unit][std::to_integer<std::size_t>(bytes[i])];
  }
}

void count_words(std::span<const std::byte> bytes, WordTable& table) {
  for (; bytes.size() >= 2; bytes = bytes.subspan(2)) {
    ++table[load_le<std::uint16_t>(bytes.data())];
  }
}

void count_quads(std::span<const std::byte> bytes, ByteTables& low, WordTable& high) {
  for (; bytes.size() >= 4; bytes = bytes.subspan(4)) {
    ++low[0][std::to_integer<std::size_t>(bytes[0])];
    ++low[1][std::to_integer<std::size_t>(bytes[1])];
    ++high[load_le<std::uint16_t>(bytes.data() + 2)];
  }
}

template <typename Key>
FloatScan<Key> scan(std::span<const std::byte> bytes, Key least_normal) {
  constexpr Key k_magnitude = std::numeric_limits<Key>::max();
  FloatScan<Key> found;
  for (; bytes.size() >= sizeof(Key); bytes = bytes.subspan(sizeof(Key))) {
    const auto bits = load_le<Key>(bytes.data());
    const Key magnitude = bits & k_magnitude;
    const Key key = bits < 0 ? bits ^ k_magnitude : bits;
    found.least = std::min(found.least, key);
    found.greatest = std::max(found.greatest, key);
    found.zeros += magnitude == 0 ? 1 : 0;
    found.below_normal += magnitude < least_normal ? 1 : 0;
  }
  return found;
}

FloatScan32 scan_f32(std::span<const std::byte> bytes, std::int32_t least_normal) {
  return scan<std::int32_t>(bytes, least_normal);
}

FloatScan64 scan_f64(std::span<const std::byte> bytes) {
  return scan<std::int64_t>(bytes, 0x0010000000000000);
}

double join(std::array<double, k_lanes> lanes) {
  for (std::size_t width = k_lanes / 2; width > 0; width /= 2) {
    for (std::size_t lane = 0; lane < width; ++lane) {
      lanes[lane] += lanes[lane + width];
    }
  }
  return lanes[0];
}

template <typename ValueAt>
Deviations deviate(std::size_t count, double pivot, ValueAt value_at) {
  std::array<double, k_lanes> residuals{};
  std::array<double, k_lanes> squares{};
  for (std::size_t i = 0; i < count; ++i) {
    const double deviation = value_at(i) - pivot;
    residuals[i % k_lanes] += deviation;
    squares[i % k_lanes] += deviation * deviation;
  }
  return {join(residuals), join(squares)};
}

Deviations deviate_f32(std::span<const std::byte> bytes, double pivot) {
  return deviate(bytes.size() / 4, pivot,
                 [&](std::size_t i) { return static_cast<double>(load_le<float>(bytes.data() + 4 * i)); });
}

Deviations deviate_f64(std::span<const std::byte> bytes, double pivot) {
  return deviate(bytes.size() / 8, pivot, [&](std::size_t i) { return load_le<double>(bytes.data() + 8 * i); });
}

void widen_f16(std::span<const std::byte> bytes, std::byte* out) {
  for (; bytes.size() >= 2; bytes = bytes.subspan(2), out += 4) {
    store_le(static_cast<float>(f16_to_double(load_le<std::uint16_t>(bytes.data()))), out);
  }
}

FloatPass measure_f32(std::span<const std::byte> bytes, double pivot, ByteTables& low, WordTable& high) {
  count_quads(bytes, low, high);
  return {scan_f32(bytes, k_least_f32), deviate_f32(bytes, pivot)};
}

RowSums sum_row(std::span<const std::uint32_t> row) {
  RowSums sums;
  for (std::uint64_t i = 0; i < row.size(); ++i) {
    sums.count += row[i];
    sums.linear += row[i] * i;
    sums.square += row[i] * i * i;
  }
  return sums;
}

template <typename Element>
std::size_t keep_others(std::span<const std::byte> bytes, Element value, std::byte* out) {
  std::size_t kept = 0;
  for (; bytes.size() >= sizeof(Element); bytes = bytes.subspan(sizeof(Element))) {
    if (load_le<Element>(bytes.data()) != value) {
      std::memcpy(out + sizeof(Element) * kept++, bytes.data(), sizeof(Element));
    }
  }
  return kept;
}

constexpr Kernels k_plain{"plain",     count_bytes, count_words, count_quads, scan_f32,    scan_f64,   deviate_f32,
                          deviate_f64, measure_f32, widen_f16,   sum_row,     keep_others, keep_others};

}  // namespace

const Kernels& plain_kernels() noexcept { return k_plain; }

}  // namespace upinspect::numeric
