// SPDX-License-Identifier: Apache-2.0
// The second hand of a pass over a file, which makes way for the thread that hashes it.
#pragma once

#include "measure/hash_thread.hpp"
#include "measure/second_hand.hpp"

#include <functional>
#include <utility>

namespace upinspect::measure {

/// Takes jobs while hashing keeps up: else the core is needed there, and more hands would only get in each other's way.
class SpareHand final : public numeric::Helper {
 public:
  void make_way_for(HashThread* hash) noexcept { m_hash = hash; }
  [[nodiscard]] bool offer(std::function<void()> job) override { return (m_hash == nullptr || m_hash->keeps_up()) && m_hand.offer(std::move(job)); }
  void wait() noexcept override { m_hand.wait(); }

 private:
  SecondHand m_hand;
  HashThread* m_hash = nullptr;
};

/// While it lives the hand makes way; the hand is free before the hashing, and the blocks that it looks at, are gone.
class MakingWay {
 public:
  MakingWay(SpareHand& hand, HashThread& hash) : m_hand(hand) { m_hand.make_way_for(&hash); }
  ~MakingWay() {
    m_hand.wait();
    m_hand.make_way_for(nullptr);
  }
  MakingWay(const MakingWay&) = delete;
  MakingWay& operator=(const MakingWay&) = delete;

 private:
  SpareHand& m_hand;
};

}  // namespace upinspect::measure
