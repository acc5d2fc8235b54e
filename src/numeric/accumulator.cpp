// SPDX-License-Identifier: Apache-2.0
#include "numeric/accumulator.hpp"

namespace upinspect::numeric {

void Accumulator::reset(Dtype dtype) {
  m_dtype = dtype;
  m_chunk_bytes = chunk_bytes(dtype);
  m_moments = {};
  m_pending.clear();
  m_open = false;
}

/// How a tensor is measured depends on whether it has more than one chunk, so the first one waits for what follows.
void Accumulator::open() {
  if (!m_open) {
    m_counts.reset(m_dtype, method_for(m_dtype, UINT64_MAX));
    m_open = true;
  }
}

void Accumulator::measure(std::span<const std::byte> chunk) {
  m_moments.add(measure_chunk(chunk, m_counts, m_scratch));
}

void Accumulator::add(std::span<const std::byte> bytes) {
  const auto is_more_than_a_chunk = [&] {
    const auto available = m_pending.size() + bytes.size();
    return available > m_chunk_bytes || (m_open && available == m_chunk_bytes);
  };
  while (is_more_than_a_chunk()) {
    open();
    if (m_pending.empty()) {
      measure(bytes.first(m_chunk_bytes));
      bytes = bytes.subspan(m_chunk_bytes);
      continue;
    }
    const auto missing = bytes.first(m_chunk_bytes - m_pending.size());
    m_pending.insert(m_pending.end(), missing.begin(), missing.end());
    bytes = bytes.subspan(missing.size());
    measure(m_pending);
    m_pending.clear();
  }
  m_pending.insert(m_pending.end(), bytes.begin(), bytes.end());
}

Result Accumulator::finish() {
  if (!m_open) {
    m_counts.reset(m_dtype, method_for(m_dtype, m_pending.size() / unit_bytes(m_dtype)));
  }
  measure(m_pending);
  const auto result = conclude(m_counts, m_moments);
  reset(m_dtype);
  return result;
}

}  // namespace upinspect::numeric
