// SPDX-License-Identifier: Apache-2.0
#include "forensics/bit_bias.hpp"
#include "forensics/little.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace upinspect::forensics {
namespace {

constexpr std::size_t k_block = 8;   ///< a quarter of the smallest window

using BitCounts = std::array<float, 8>;

/// Ones in each bit of every block.
std::vector<BitCounts> blocks_of(Bytes bytes) {
  std::vector<BitCounts> blocks(bytes.size() / k_block);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    std::uint64_t low = 0;    // a count for each of the bits 0 to 7, one byte each
    for (const auto byte : bytes.subspan(i * k_block, k_block)) {
      const auto value = std::to_integer<std::uint64_t>(byte);
      // Spreads eight bits over eight bytes.
      low += ((value & 0x7fU) * 0x0002040810204081ULL & 0x0101010101010101ULL) + ((value >> 7U) << 56U);
    }
    for (unsigned bit = 0; bit < 8; ++bit) {
      blocks[i][bit] = static_cast<float>(low >> (8 * bit) & 0xffU);
    }
  }
  return blocks;
}

LeaningWindow most_leaning(const std::vector<BitCounts>& blocks, std::size_t block, const BitLean& lean) {
  BitCounts expected{};
  BitCounts weight{};
  const auto size = static_cast<double>(block) * 4;
  for (unsigned bit = 0; bit < 8; ++bit) {
    const auto p = lean.share(bit);
    expected[bit] = static_cast<float>(size * p);
    weight[bit] = static_cast<float>(1 / (size * p * (1 - p)));
  }
  LeaningWindow best;
  float most = 0;
  for (std::size_t i = 0; i + 4 <= blocks.size(); ++i) {
    float sum = 0;
    for (unsigned bit = 0; bit < 8; ++bit) {
      const auto off = blocks[i][bit] + blocks[i + 1][bit] + blocks[i + 2][bit] + blocks[i + 3][bit] - expected[bit];
      sum += off * off * weight[bit];
    }
    if (sum > most) {
      most = sum;
      best = {i * block, (i + 4) * block, static_cast<double>(sum)};
    }
  }
  return best;
}

std::vector<BitCounts> halved(const std::vector<BitCounts>& blocks) {
  std::vector<BitCounts> above(blocks.size() / 2);
  for (std::size_t i = 0; i < above.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      above[i][bit] = blocks[2 * i][bit] + blocks[2 * i + 1][bit];
    }
  }
  return above;
}

}  // namespace

BitLean::BitLean(Bytes bytes) {
  std::array<std::uint64_t, 256> counts{};
  for (const auto byte : bytes) {
    ++counts[std::to_integer<std::size_t>(byte)];
  }
  for (unsigned bit = 0; bit < 8; ++bit) {
    double ones = 0;
    for (std::size_t value = 0; value < 256; ++value) {
      ones += (value >> bit & 1U) != 0 ? static_cast<double>(counts[value]) : 0;
    }
    m_shares[bit] = (ones + 1) / (static_cast<double>(bytes.size()) + 2);
  }
  for (std::size_t value = 0; value < 256; ++value) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      m_chances[value] += std::log((value >> bit & 1U) != 0 ? m_shares[bit] : 1 - m_shares[bit]);
    }
  }
}

std::vector<LeaningWindow> leaning_windows(Bytes bytes, const BitLean& lean) {
  std::vector<LeaningWindow> windows;
  auto blocks = blocks_of(bytes);
  for (auto block = k_block; blocks.size() >= (block == k_block ? 4U : 16U); block *= 2) {
    windows.push_back(most_leaning(blocks, block, lean));
    blocks = halved(blocks);
  }
  return windows;
}

}  // namespace upinspect::forensics
