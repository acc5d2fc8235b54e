// SPDX-License-Identifier: Apache-2.0
#include "measure/hash_thread.hpp"

#include <algorithm>

namespace upinspect::measure {

HashThread::HashThread(Mode mode, std::uint64_t size)
    : m_mode(mode),
      m_block_size(static_cast<std::size_t>(std::clamp<std::uint64_t>(size, 1, k_block_bytes))),
      m_blocks(mode == Mode::threaded ? k_blocks : mode == Mode::off ? 2 : 1),
      m_lengths(m_blocks.size()) {
  for (auto& block : m_blocks) {
    block = std::make_unique_for_overwrite<std::byte[]>(m_block_size);
  }
  if (m_mode != Mode::off) {
    m_digest.emplace();
  }
  if (m_mode == Mode::threaded) {
    m_thread = std::thread([this] { work(); });
  }
}

HashThread::~HashThread() {
  if (m_thread.joinable()) {
    {
      const std::scoped_lock lock(m_mutex);
      m_closing = true;
    }
    m_changed.notify_all();
    m_thread.join();
  }
}

std::span<std::byte> HashThread::next_block() {
  if (m_mode == Mode::threaded) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_pushed - m_hashed < m_blocks.size(); });
  }
  return {m_blocks[m_pushed % m_blocks.size()].get(), m_block_size};
}

void HashThread::push(std::size_t length) {
  if (m_mode == Mode::inline_) {
    m_digest->add({m_blocks.front().get(), length});
  }
  {
    const std::scoped_lock lock(m_mutex);
    m_lengths[m_pushed % m_blocks.size()] = length;
    ++m_pushed;
  }
  if (m_mode == Mode::threaded) {
    m_changed.notify_all();
  }
}

bool HashThread::keeps_up() {
  constexpr std::uint64_t k_few = 2;
  if (m_mode != Mode::threaded) {
    return true;
  }
  const std::scoped_lock lock(m_mutex);
  return m_pushed - m_hashed <= k_few;
}

void HashThread::work() {
  for (;;) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_hashed < m_pushed || m_closing; });
    if (m_hashed == m_pushed) {
      return;
    }
    const auto slot = m_hashed % m_blocks.size();
    const auto length = m_lengths[slot];
    lock.unlock();
    m_digest->add({m_blocks[slot].get(), length});
    lock.lock();
    ++m_hashed;
    lock.unlock();
    m_changed.notify_all();
  }
}

std::string HashThread::hex() {
  if (m_mode == Mode::off) {
    return {};
  }
  if (m_mode == Mode::threaded) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_hashed == m_pushed; });
  }
  return m_digest->hex();
}

}  // namespace upinspect::measure
