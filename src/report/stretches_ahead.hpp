// SPDX-License-Identifier: Apache-2.0
// Texts of a long list, stretch by stretch, that two threads write some way ahead of where one of them puts them into the document.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace upinspect::report {

class StretchesAhead {
 public:
  /// Writes the text of a stretch behind what is in `text`, which is empty. Called on both threads at a time.
  using Write = std::function<void(std::size_t stretch, std::string& text)>;

  /// Where no thread is to be had, every stretch is the caller's.
  StretchesAhead(std::size_t stretches, Write write);
  ~StretchesAhead();
  StretchesAhead(const StretchesAhead&) = delete;
  StretchesAhead& operator=(const StretchesAhead&) = delete;

  /// Called for 0, 1, 2 and so on. True: `text` is that of the stretch; what it held before is written over later, to spare
  /// an allocation. False: nobody has begun on the stretch, and it is the caller's to write. Where the stretch is not finished, later ones
  /// are begun on here meanwhile. What either thread threw is thrown here.
  [[nodiscard]] bool take(std::size_t stretch, std::string& text);

 private:
  struct Piece {
    std::string text;
    bool done = false;
  };

  void work();
  void write_next(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool may_begin() const { return m_next < m_stretches && m_pieces.size() < k_most_ahead && !m_failure; }

  static constexpr std::size_t k_most_ahead = 3;

  const std::size_t m_stretches;
  const Write m_write;
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::size_t m_next = 0;           ///< the first stretch that nobody has begun on
  std::deque<Piece> m_pieces;       ///< begun and not yet taken, in order
  std::vector<std::string> m_spare; ///< to be written over
  std::exception_ptr m_failure;
  bool m_stop = false;
  std::thread m_thread;
};

}  // namespace upinspect::report
