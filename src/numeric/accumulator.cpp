// SPDX-License-Identifier: Apache-2.0
#include "numeric/accumulator.hpp"

#include <algorithm>
#include <utility>

namespace upinspect::numeric {

Accumulator::~Accumulator() {
  if (m_shared && m_shared->helper != nullptr) {
    m_shared->helper->wait();
  }
}

void Accumulator::reset(Dtype dtype) {
  settle();
  m_counts.reset(dtype);
  if (m_shared) {
    m_shared->counts.reset(dtype);
    m_shared->counted = false;
  }
  m_moments = {};
  m_chunk_bytes = chunk_bytes(dtype);
  m_chunks = 0;
  m_pending.clear();
}

void Accumulator::measure(std::span<const std::byte> chunk) {
  m_moments.add(measure_chunk(m_chunks++, chunk, m_counts, m_scratch));
}

/// Completes the chunk that is pending, if `bytes` are enough; what is left of them.
std::span<const std::byte> Accumulator::fill_pending(std::span<const std::byte> bytes) {
  if (m_pending.empty()) {
    return bytes;
  }
  const auto missing = bytes.first(std::min(bytes.size(), m_chunk_bytes - m_pending.size()));
  m_pending.insert(m_pending.end(), missing.begin(), missing.end());
  if (m_pending.size() == m_chunk_bytes) {
    measure(m_pending);
    m_pending.clear();
  }
  return bytes.subspan(missing.size());
}

void Accumulator::add(std::span<const std::byte> bytes) {
  settle();
  bytes = fill_pending(bytes);
  for (; bytes.size() >= m_chunk_bytes; bytes = bytes.subspan(m_chunk_bytes)) {
    measure(bytes.first(m_chunk_bytes));
  }
  m_pending.insert(m_pending.end(), bytes.begin(), bytes.end());
}

void Accumulator::add(std::span<const std::byte> bytes, Helper& helper) {
  settle();
  bytes = fill_pending(bytes);
  const auto whole = bytes.size() / m_chunk_bytes * m_chunk_bytes;
  if (whole < 2 * m_chunk_bytes) {
    add(bytes);
    return;
  }
  const auto rest = bytes.subspan(whole);
  m_pending.insert(m_pending.end(), rest.begin(), rest.end());
  share(bytes.first(whole), helper);
}

void Accumulator::share(std::span<const std::byte> chunks, Helper& helper) {
  if (!m_shared) {
    m_shared = std::make_unique<Shared>();
    m_shared->counts.reset(m_counts.dtype());
  }
  m_shared->bytes = chunks;
  m_shared->first = m_chunks;
  m_shared->next = 0;
  m_shared->sums.assign(chunks.size() / m_chunk_bytes, {});
  m_shared->helper = &helper;
  m_chunks += m_shared->sums.size();
  if (helper.offer([this] { help(); })) {
    m_shared->counted = true;
  } else {
    settle();  // while the cache holds them
  }
}

void Accumulator::measure_shared(Counts& counts, Scratch& scratch) {
  auto& shared = *m_shared;
  for (auto i = shared.next.fetch_add(1); i < shared.sums.size(); i = shared.next.fetch_add(1)) {
    shared.sums[i] = measure_chunk(shared.first + i, shared.bytes.subspan(i * m_chunk_bytes, m_chunk_bytes), counts, scratch);
  }
}

void Accumulator::help() noexcept {
  try {
    measure_shared(m_shared->counts, m_shared->scratch);
  } catch (...) {
    m_shared->failure = std::current_exception();
  }
}

/// Measures what nobody has begun of the chunks that are shared, and adds them up in their order.
void Accumulator::settle() {
  if (!m_shared || m_shared->helper == nullptr) {
    return;
  }
  measure_shared(m_counts, m_scratch);
  std::exchange(m_shared->helper, nullptr)->wait();
  if (m_shared->failure) {
    std::rethrow_exception(std::exchange(m_shared->failure, nullptr));
  }
  for (const auto& sums : m_shared->sums) {
    m_moments.add(sums);
  }
}

Accumulator::Result Accumulator::finish() {
  settle();
  measure(m_pending);
  if (m_shared && m_shared->counted) {
    m_counts.merge(m_shared->counts);
  }
  const auto result = conclude(m_counts, m_moments);
  reset(m_counts.dtype());
  return result;
}

}  // namespace upinspect::numeric
