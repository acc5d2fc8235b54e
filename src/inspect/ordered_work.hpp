// SPDX-License-Identifier: Apache-2.0
// Pieces of work done on several threads, a few ahead, and told of in the order in which they came.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace upinspect::inspecting {

class OrderedWork {
 public:
  using Tell = std::function<void()>;
  /// Runs on any thread; what it returns runs on the thread that calls add() and finish(), in its turn.
  using Work = std::function<Tell()>;

  /// With one thread each piece is done and told of as it comes.
  explicit OrderedWork(unsigned threads) : m_threads(threads) {}
  /// Pieces that nobody has begun are dropped.
  ~OrderedWork();
  OrderedWork(const OrderedWork&) = delete;
  OrderedWork& operator=(const OrderedWork&) = delete;

  /// Throws what a piece whose turn has come threw, or its Tell.
  void add(Work work);
  /// Something to be told between what pieces have to tell.
  void in_turn(Tell tell);
  /// Ends when all is told. Throws as add() does.
  void finish();

 private:
  struct Piece {
    enum class State : std::uint8_t { waiting, begun, done };
    Work work;
    Tell tell;
    std::exception_ptr failure;
    State state = State::waiting;
  };

  using Lock = std::unique_lock<std::mutex>;
  void help();
  [[nodiscard]] std::shared_ptr<Piece> next_waiting() const;
  void run(const std::shared_ptr<Piece>& piece, Lock& lock);
  void tell_first(Lock& lock);

  const unsigned m_threads;
  std::deque<std::shared_ptr<Piece>> m_pieces;
  std::vector<std::thread> m_helpers;
  std::mutex m_mutex;
  std::condition_variable m_added;
  std::condition_variable m_done;
  bool m_ended = false;
};

}  // namespace upinspect::inspecting
