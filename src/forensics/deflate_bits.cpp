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

/// Contexts that were there so often or oftener are of one class.
constexpr std::size_t k_often = 128;

using Classes = std::array<std::uint8_t, k_often + 1>;

/// The class by how often a context was there: `first` and one more from each border on.
template <std::size_t N>
constexpr Classes classes_from(std::uint8_t first, const std::array<std::size_t, N>& borders) {
  Classes classes{};
  for (std::size_t seen = 0; seen < classes.size(); ++seen) {
    classes[seen] = first;
    for (const auto border : borders) {
      classes[seen] = static_cast<std::uint8_t>(classes[seen] + (seen >= border ? 1 : 0));
    }
  }
  return classes;
}

/// Classes 0 to 5 of contexts in which one bit came alone, 6 to 9 of the others, whose leans count so many times.
constexpr auto k_pure = classes_from<5>(0, {2, 3, 4, 8, 16});
constexpr auto k_mixed = classes_from<3>(6, {8, 32, 128});
constexpr std::array<float, 10> k_scales = {0, 0, 0, 0, 0, 0, 1, 4, 8, 16};

/// How often zero and one came in a context, as far as it is counted.
struct ContextCounts {
  std::array<std::uint16_t, 2> of{};

  void add(unsigned bit) { of[bit] = static_cast<std::uint16_t>(of[bit] + (of[bit] < 0xffff ? 1 : 0)); }
};

/// Thousandths of a nat for a one.
float said(const ContextCounts& counts, const std::array<std::int16_t, 10>& weights) {
  const std::size_t zeros = counts.of[0];
  const std::size_t ones = counts.of[1];
  const auto seen = zeros + ones;
  if (zeros == 0 || ones == 0) {
    const auto weight = static_cast<float>(seen == 0 ? 0 : weights[k_pure[std::min(seen, k_often)]]);
    return ones != 0 ? weight : -weight;
  }
  const auto kind = k_mixed[std::min(seen, k_often)];
  return static_cast<float>(weights[kind]) * k_scales[kind] * (static_cast<float>(ones) - static_cast<float>(zeros)) / static_cast<float>(seen);
}

class DeflateModel {
 public:
  DeflateModel() {
    for (std::size_t i = 0; i < k_orders; ++i) {
      m_counts[i].resize(std::size_t{1} << k_deflate_orders[i]);
    }
  }

  /// The chance that the next bit had, which is counted.
  double chance_of(unsigned bit) {
    float sum = 0;
    for (std::size_t i = 0; i < k_orders; ++i) {
      auto& counts = m_counts[i][m_last & (m_counts[i].size() - 1)];
      sum += said(counts, k_deflate_weights[i]);
      counts.add(bit);
    }
    m_last = m_last << 1 | bit;
    const auto one = std::clamp(1 / (1 + std::exp(-static_cast<double>(sum) / 1000)), k_least, 1 - k_least);
    return bit != 0 ? one : 1 - one;
  }

 private:
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
      const auto won = held * 2 * model.chance_of(octet(bytes[at]) >> bit & 1U);
      const auto ratio = won + 1 - held;
      gain += std::log(ratio);
      held = won / ratio * (1 - k_share) + (1 - won / ratio) * k_share;
    }
    begin = held < 0.5 ? at + 1 : begin;
    if (gain > best.gain) {
      best = {std::min(begin, at), at + 1, gain};
    }
  }
  return best;
}

}  // namespace upinspect::forensics
