// SPDX-License-Identifier: Apache-2.0
#include "numeric/accumulator.hpp"

#include <algorithm>

namespace upinspect::numeric {

void Accumulator::reset(Dtype dtype) {
  m_counts.reset(dtype);
  m_moments = {};
  m_chunk_bytes = chunk_bytes(dtype);
  m_chunks = 0;
  m_pending.clear();
}

void Accumulator::measure(std::span<const std::byte> chunk) {
  m_moments.add(measure_chunk(m_chunks++, chunk, m_counts, m_scratch));
}

void Accumulator::add(std::span<const std::byte> bytes) {
  if (!m_pending.empty()) {
    const auto missing = bytes.first(std::min(bytes.size(), m_chunk_bytes - m_pending.size()));
    m_pending.insert(m_pending.end(), missing.begin(), missing.end());
    bytes = bytes.subspan(missing.size());
    if (m_pending.size() == m_chunk_bytes) {
      measure(m_pending);
      m_pending.clear();
    }
  }
  for (; bytes.size() >= m_chunk_bytes; bytes = bytes.subspan(m_chunk_bytes)) {
    measure(bytes.first(m_chunk_bytes));
  }
  m_pending.insert(m_pending.end(), bytes.begin(), bytes.end());
}

Result Accumulator::finish() {
  measure(m_pending);
  const auto result = conclude(m_counts, m_moments);
  reset(m_counts.dtype());
  return result;
}

}  // namespace upinspect::numeric
