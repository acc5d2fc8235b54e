// SPDX-License-Identifier: Apache-2.0
// How the eight bits of a stream's bytes lean, everywhere and in windows.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace upinspect::forensics {

/// The share of ones of each bit in a stretch of bytes; none of them is taken for certain.
class BitLean {
 public:
  explicit BitLean(std::span<const std::byte> bytes);

  [[nodiscard]] double share(unsigned bit) const noexcept { return m_shares[bit]; }

  /// ln of the chance of a byte whose bits know nothing of each other.
  [[nodiscard]] double log_chance(std::byte byte) const noexcept { return m_chances[std::to_integer<std::size_t>(byte)]; }

 private:
  std::array<double, 8> m_shares{};
  std::array<double, 256> m_chances{};
};

/// A window whose bits lean more than those of any other of its size: the sum over the eight bits of
/// (ones - w p)^2 / (w p (1 - p)), which is spread as chi-square of eight degrees.
struct LeaningWindow {
  std::size_t begin = 0;
  std::size_t end = 0;
  double statistic = 0;
};

/// Of windows of 32, 64, … bytes, a quarter of their size apart, up to a quarter of the stream (all of it where it is short), the most leaning of each size.
[[nodiscard]] std::vector<LeaningWindow> leaning_windows(std::span<const std::byte> bytes, const BitLean& lean);

}  // namespace upinspect::forensics
