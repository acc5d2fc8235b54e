// SPDX-License-Identifier: Apache-2.0
#include "forensics/deflate_bits.hpp"

#include "forensics/deflate_model_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace upinspect::forensics {
namespace {

/// No bit is so sure that one that is otherwise costs more than four nats.
constexpr double k_least = 0.02;

/// The chance at each bit that deflated data begin or end there.
constexpr double k_share = 2e-4;

constexpr std::size_t k_orders = k_deflate_orders.size();
constexpr std::size_t k_of_one_kind = 6;   // classes of contexts in which one bit came alone

struct ContextCounts {
  std::array<std::uint32_t, 2> of{};
};

/// What a context says: its class by how often it was there, and how far it leans to one.
double said(const ContextCounts& counts, const std::array<std::int16_t, 10>& weights) {
  constexpr std::array k_pure = {2U, 3U, 4U, 8U, 16U};
  constexpr std::array k_mixed = {8U, 32U, 128U};
  constexpr std::array k_scales = {1.0, 4.0, 8.0, 16.0};
  const auto [zeros, ones] = counts.of;
  const auto seen = zeros + ones;
  if (seen == 0) {
    return 0;
  }
  const auto kind_in = [seen](const auto& borders) {
    return static_cast<std::size_t>(std::count_if(borders.begin(), borders.end(), [seen](std::uint32_t border) { return seen >= border; }));
  };
  if (zeros == 0 || ones == 0) {
    return ones != 0 ? weights[kind_in(k_pure)] : -weights[kind_in(k_pure)];
  }
  const auto kind = kind_in(k_mixed);
  return weights[k_of_one_kind + kind] * k_scales[kind] * (static_cast<double>(ones) - static_cast<double>(zeros)) / static_cast<double>(seen);
}

class DeflateModel {
 public:
  DeflateModel() {
    for (std::size_t i = 0; i < k_orders; ++i) {
      m_counts[i].resize(std::size_t{1} << k_deflate_orders[i]);
    }
  }

  /// P that the next bit is one.
  [[nodiscard]] double one() const {
    double sum = 0;
    for (std::size_t i = 0; i < k_orders; ++i) {
      sum += said(m_counts[i][context(i)], k_deflate_weights[i]);
    }
    return std::clamp(1 / (1 + std::exp(-sum / 1000)), k_least, 1 - k_least);
  }

  void add(unsigned bit) {
    for (std::size_t i = 0; i < k_orders; ++i) {
      ++m_counts[i][context(i)].of[bit];
    }
    m_last = m_last << 1 | bit;
  }

 private:
  [[nodiscard]] std::size_t context(std::size_t order) const { return m_last & (m_counts[order].size() - 1); }

  std::array<std::vector<ContextCounts>, k_orders> m_counts;
  std::size_t m_last = 0;
};

}  // namespace

DeflateStretch best_deflate(Bytes bytes) {
  DeflateModel model;
  DeflateStretch best;
  std::size_t begin = 0;
  double held = 0.5;   // what is bet on the model; the rest on even bits
  double gain = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const auto value = octet(bytes[at]) >> bit & 1U;
      const auto won = held * 2 * (value != 0 ? model.one() : 1 - model.one());
      const auto ratio = won + 1 - held;
      gain += std::log(ratio);
      held = won / ratio * (1 - k_share) + (1 - won / ratio) * k_share;
      model.add(value);
    }
    begin = held < 0.5 ? at + 1 : begin;
    if (gain > best.gain) {
      best = {std::min(begin, at), at + 1, gain};
    }
  }
  return best;
}

}  // namespace upinspect::forensics
