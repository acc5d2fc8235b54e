// SPDX-License-Identifier: Apache-2.0
#include "numeric/block_meter.hpp"

#include "numeric/byte_order.hpp"
#include "numeric/dequantise.hpp"

#include <algorithm>
#include <bit>

namespace upinspect::numeric {

namespace {
// As many values at a time stay in a processor's cache.
constexpr std::size_t k_values = 8192;
}  // namespace

void BlockMeter::reset(Dtype dtype) {
  m_dtype = dtype;
  m_block_bytes = std::max<std::size_t>(info(dtype).block_bytes, 1);
  m_values.reset(Dtype::f32);
  m_split.clear();
}

void BlockMeter::decode(std::span<const std::byte> blocks) {
  const std::size_t elements = info(m_dtype).block_elements;
  const auto at_once = k_values / elements;
  while (!blocks.empty()) {
    const auto count = std::min(at_once, blocks.size() / m_block_bytes);
    m_floats.resize(count * elements);
    dequantise(m_dtype, blocks.first(count * m_block_bytes), m_floats);
    const auto values = std::as_writable_bytes(std::span(m_floats));
    if constexpr (std::endian::native == std::endian::big) {
      swap_bytes(values, sizeof(float));
    }
    m_values.add(values);
    blocks = blocks.subspan(count * m_block_bytes);
  }
}

void BlockMeter::add(std::span<const std::byte> bytes) {
  if (!m_split.empty()) {
    const auto missing = bytes.first(std::min(bytes.size(), m_block_bytes - m_split.size()));
    m_split.insert(m_split.end(), missing.begin(), missing.end());
    bytes = bytes.subspan(missing.size());
    if (m_split.size() < m_block_bytes) {
      return;
    }
    decode(m_split);
    m_split.clear();
  }
  const auto whole = bytes.size() / m_block_bytes * m_block_bytes;
  decode(bytes.first(whole));
  m_split.assign(bytes.begin() + static_cast<std::ptrdiff_t>(whole), bytes.end());
}

Stats BlockMeter::finish() { return m_values.finish().stats.value_or(Stats{}); }

}  // namespace upinspect::numeric
