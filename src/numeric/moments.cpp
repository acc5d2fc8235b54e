// SPDX-License-Identifier: Apache-2.0
#include "numeric/moments.hpp"

#include "numeric/load.hpp"

#include <algorithm>
#include <cmath>

namespace upinspect::numeric {

namespace {

constexpr std::size_t k_sample = 32;

/// The mean of up to k_sample values spread evenly over the chunk.
template <typename ValueAt>
double sample_mean(std::size_t count, ValueAt value_at) {
  const std::size_t taken = std::min(count, k_sample);
  const std::size_t stride = count / taken;
  double sum = 0;
  for (std::size_t i = 0; i < taken; ++i) {
    sum += value_at(i * stride);
  }
  return sum / static_cast<double>(taken);
}

template <typename Deviate>
ChunkSums sums_about(std::size_t count, double pivot, Deviations sums, Deviate deviate) {
  const auto n = static_cast<double>(count);
  // More than half of the squares are the pivot's own distance from the mean: take a better one.
  if (sums.residual * sums.residual > 0.5 * n * sums.squares) {
    pivot += sums.residual / n;
    sums = deviate(pivot);
  }
  ChunkSums chunk;
  chunk.count = count;
  chunk.mean = DoubleDouble{pivot, 0} + DoubleDouble{sums.residual, 0} / DoubleDouble{n, 0};
  chunk.squares = std::max(0.0, sums.squares - sums.residual * (sums.residual / n));
  return chunk;
}

DoubleDouble shifted(DoubleDouble value, int exponent) noexcept {
  return {std::ldexp(value.high, exponent), std::ldexp(value.low, exponent)};
}

}  // namespace

double pivot_of_f32(std::span<const std::byte> bytes) noexcept {
  return sample_mean(bytes.size() / 4,
                     [&](std::size_t i) { return static_cast<double>(load_le<float>(bytes.data() + 4 * i)); });
}

ChunkSums sums_of_f32(std::span<const std::byte> bytes, double pivot, Deviations deviations) {
  return sums_about(bytes.size() / 4, pivot, deviations,
                    [&](double better) { return kernels().deviate_f32(bytes, better); });
}

ChunkSums sums_of_f32(std::span<const std::byte> bytes) {
  if (bytes.size() < 4) {
    return {};
  }
  const double pivot = pivot_of_f32(bytes);
  return sums_of_f32(bytes, pivot, kernels().deviate_f32(bytes, pivot));
}

ChunkSums sums_of_f64(std::span<const double> values) {
  if (values.empty()) {
    return {};
  }
  const double pivot = sample_mean(values.size(), [&](std::size_t i) { return values[i]; });
  return sums_about(values.size(), pivot, kernels().deviate_f64(values, pivot),
                    [&](double better) { return kernels().deviate_f64(values, better); });
}

Moments::Moments(std::uint64_t count, DoubleDouble sum, DoubleDouble sum_of_squares) noexcept : m_count(count) {
  if (count == 0) {
    return;
  }
  m_mean = sum / from_integer(count);
  m_squares = sum_of_squares - sum * m_mean;
  if (m_squares.high < 0) {
    m_squares = {};
  }
}

void Moments::rescale(int exponent) noexcept {
  if (exponent != m_exponent) {
    m_mean = shifted(m_mean, m_exponent - exponent);
    m_squares = shifted(m_squares, 2 * (m_exponent - exponent));
    m_exponent = exponent;
  }
}

void Moments::add(const ChunkSums& chunk) noexcept {
  if (chunk.count == 0) {
    return;
  }
  Moments other;
  other.m_count = chunk.count;
  other.m_mean = chunk.mean;
  other.m_squares = {chunk.squares, 0};
  other.m_exponent = chunk.exponent;
  if (m_count == 0) {
    *this = other;
    return;
  }
  // Zeros fit any unit; they must not push small values out of the range.
  const auto all_zero = [](const Moments& m) { return m.m_mean.high == 0 && m.m_squares.high == 0; };
  const int unit = all_zero(*this)   ? other.m_exponent
                   : all_zero(other) ? m_exponent
                                     : std::max(m_exponent, other.m_exponent);
  rescale(unit);
  other.rescale(unit);
  const auto here = from_integer(m_count);
  const auto there = from_integer(other.m_count);
  m_count += other.m_count;
  const auto share = there / from_integer(m_count);
  const auto delta = other.m_mean - m_mean;
  m_mean = m_mean + delta * share;
  m_squares = m_squares + other.m_squares + delta * delta * here * share;
}

void Moments::shift_mean(double offset) noexcept {
  if (m_count > 0) {
    m_mean = m_mean + DoubleDouble{std::ldexp(offset, -m_exponent), 0};
  }
}

std::optional<double> Moments::mean() const noexcept {
  if (m_count == 0) {
    return std::nullopt;
  }
  return std::ldexp(m_mean.rounded(), m_exponent) + 0.0;
}

std::optional<double> Moments::std() const noexcept {
  if (m_count == 0) {
    return std::nullopt;
  }
  return std::ldexp(std::sqrt((m_squares / from_integer(m_count)).rounded()), m_exponent);
}

std::optional<double> Moments::l2() const noexcept {
  if (m_count == 0) {
    return std::nullopt;
  }
  const auto sum = m_squares + m_mean * m_mean * from_integer(m_count);
  return std::ldexp(std::sqrt(sum.rounded()), m_exponent);
}

}  // namespace upinspect::numeric
