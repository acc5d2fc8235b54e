// SPDX-License-Identifier: Apache-2.0
#include "report/stretches_ahead.hpp"

#include <system_error>
#include <utility>

namespace upinspect::report {

StretchesAhead::StretchesAhead(std::size_t stretches, Write write) : m_stretches(stretches), m_write(std::move(write)) {
  try {
    m_thread = std::thread([this] { work(); });
  } catch (const std::system_error&) {
    // Then the caller writes alone.
  }
}

StretchesAhead::~StretchesAhead() {
  {
    const std::lock_guard lock(m_mutex);
    m_stop = true;
  }
  m_changed.notify_all();
  if (m_thread.joinable()) {
    m_thread.join();
  }
}

bool StretchesAhead::take(std::size_t stretch, std::string& text) {
  std::unique_lock lock(m_mutex);
  if (stretch == m_next) {
    ++m_next;
    return false;
  }
  while (!m_pieces.front().done && !m_failure) {
    if (may_begin()) {
      write_next(lock);  // rather than to wait: it is asked for soon
    } else {
      m_changed.wait(lock, [this] { return m_pieces.front().done || may_begin() || m_failure; });
    }
  }
  if (m_failure) {
    std::rethrow_exception(m_failure);
  }
  m_spare.push_back(std::exchange(text, std::move(m_pieces.front().text)));
  m_pieces.pop_front();
  lock.unlock();
  m_changed.notify_all();
  return true;
}

void StretchesAhead::work() {
  std::unique_lock lock(m_mutex);
  while (true) {
    m_changed.wait(lock, [this] { return m_stop || may_begin(); });
    if (m_stop) {
      return;
    }
    write_next(lock);
  }
}

/// The lock is given back while it writes.
void StretchesAhead::write_next(std::unique_lock<std::mutex>& lock) {
  const auto stretch = m_next++;
  auto& piece = m_pieces.emplace_back();  // stays where it is: others come behind it and go in front of it
  if (!m_spare.empty()) {
    piece.text = std::move(m_spare.back());
    m_spare.pop_back();
    piece.text.clear();
  }
  lock.unlock();
  try {
    m_write(stretch, piece.text);
    lock.lock();
    piece.done = true;
  } catch (...) {
    lock.lock();
    m_failure = std::current_exception();
  }
  m_changed.notify_all();
}

}  // namespace upinspect::report
