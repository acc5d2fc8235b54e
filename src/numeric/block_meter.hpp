// SPDX-License-Identifier: Apache-2.0
// Statistics of a tensor of ggml blocks: its values are decoded as its bytes pass by.
#pragma once

#include "numeric/accumulator.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace upinspect::numeric {

/// Used as an Accumulator is; the bytes are blocks of a dtype that can_dequantise.
class BlockMeter {
 public:
  void reset(Dtype dtype);
  void add(std::span<const std::byte> bytes);
  [[nodiscard]] Stats finish();

 private:
  void decode(std::span<const std::byte> blocks);

  Accumulator m_values;
  Dtype m_dtype = Dtype::other;
  std::size_t m_block_bytes = 1;
  std::vector<std::byte> m_split;  ///< the first bytes of a block that two pieces share
  std::vector<float> m_floats;
};

}  // namespace upinspect::numeric
