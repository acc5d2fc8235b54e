// SPDX-License-Identifier: Apache-2.0
// A thread that takes a share of the measuring.
#pragma once

#include "numeric/accumulator.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace upinspect::measure {

/// One job at a time. The thread starts with the first.
class SecondHand final : public numeric::Helper {
 public:
  SecondHand() = default;
  ~SecondHand() override;
  SecondHand(const SecondHand&) = delete;
  SecondHand& operator=(const SecondHand&) = delete;

  [[nodiscard]] bool offer(std::function<void()> job) override;
  void wait() noexcept override;

 private:
  void work();

  std::function<void()> m_job;
  std::atomic<bool> m_busy{false};
  std::atomic<bool> m_closing{false};
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::thread m_thread;
};

}  // namespace upinspect::measure
