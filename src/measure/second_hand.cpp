// SPDX-License-Identifier: Apache-2.0
#include "measure/second_hand.hpp"

#include <utility>

namespace upinspect::measure {

namespace {

/// Looks at what may change this often before it sleeps: the next piece is a few microseconds away, and to be woken takes longer.
constexpr int k_looks = 4000;

template <typename Condition>
bool comes_true_soon(const Condition& condition) {
  for (int look = 0; look < k_looks; ++look) {
    if (condition()) {
      return true;
    }
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  return false;
}

}  // namespace

SecondHand::~SecondHand() {
  if (m_thread.joinable()) {
    {
      const std::scoped_lock lock(m_mutex);
      m_closing = true;
    }
    m_changed.notify_all();
    m_thread.join();
  }
}

bool SecondHand::offer(std::function<void()> job) {
  if (m_busy) {
    return false;
  }
  if (!m_thread.joinable()) {
    m_thread = std::thread([this] { work(); });
  }
  m_job = std::move(job);
  {
    const std::scoped_lock lock(m_mutex);
    m_busy = true;
  }
  m_changed.notify_all();
  return true;
}

void SecondHand::wait() noexcept {
  if (!comes_true_soon([this] { return !m_busy; })) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return !m_busy; });
  }
}

void SecondHand::work() {
  for (;;) {
    const auto called = [this] { return m_busy || m_closing; };
    if (!comes_true_soon(called)) {
      std::unique_lock lock(m_mutex);
      m_changed.wait(lock, called);
    }
    if (!m_busy) {
      return;
    }
    m_job();
    {
      const std::scoped_lock lock(m_mutex);
      m_busy = false;
    }
    m_changed.notify_all();
  }
}

}  // namespace upinspect::measure
