// SPDX-License-Identifier: Apache-2.0
// Helpers of each temper, for what is shared between two threads.
#pragma once

#include "numeric/accumulator.hpp"

#include <functional>
#include <utility>

namespace upinspect::test {

/// Takes every job, and does it only when it is waited for: the caller has had all pieces by then.
class Late final : public numeric::Helper {
 public:
  bool offer(std::function<void()> job) override {
    m_job = std::move(job);
    return true;
  }
  void wait() noexcept override { std::exchange(m_job, [] {})(); }

 private:
  std::function<void()> m_job = [] {};
};

/// Does every job at once: the caller is left with none.
class Eager final : public numeric::Helper {
 public:
  bool offer(std::function<void()> job) override {
    job();
    return true;
  }
  void wait() noexcept override {}
};

class Unwilling final : public numeric::Helper {
 public:
  bool offer(std::function<void()> /*job*/) override { return false; }
  void wait() noexcept override {}
};

}  // namespace upinspect::test
