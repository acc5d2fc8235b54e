// SPDX-License-Identifier: Apache-2.0
#include "inspect/ordered_work.hpp"

#include <algorithm>
#include <utility>

namespace upinspect::inspecting {

namespace {

/// Pieces that may be done before their turn, for each thread: as many results wait in memory.
constexpr std::size_t k_ahead = 4;

}  // namespace

OrderedWork::~OrderedWork() {
  {
    const std::lock_guard lock(m_mutex);
    m_ended = true;
  }
  m_added.notify_all();
  for (auto& helper : m_helpers) {
    helper.join();
  }
}

void OrderedWork::add(Work work) {
  if (m_threads <= 1) {
    work()();
    return;
  }
  while (m_helpers.size() + 1 < m_threads) {
    m_helpers.emplace_back([this] { help(); });
  }
  Lock lock(m_mutex);
  m_pieces.push_back(std::make_shared<Piece>());
  m_pieces.back()->work = std::move(work);
  m_added.notify_one();
  while (!m_pieces.empty() && (m_pieces.size() > k_ahead * m_threads || m_pieces.front()->state == Piece::State::done)) {
    tell_first(lock);
  }
}

void OrderedWork::in_turn(Tell tell) {
  add([tell = std::move(tell)] { return tell; });
}

void OrderedWork::finish() {
  Lock lock(m_mutex);
  while (!m_pieces.empty()) {
    tell_first(lock);
  }
}

void OrderedWork::help() {
  Lock lock(m_mutex);
  while (!m_ended) {
    if (const auto piece = next_waiting()) {
      run(piece, lock);
    } else {
      m_added.wait(lock);
    }
  }
}

std::shared_ptr<OrderedWork::Piece> OrderedWork::next_waiting() const {
  const auto found = std::find_if(m_pieces.begin(), m_pieces.end(), [](const auto& piece) { return piece->state == Piece::State::waiting; });
  return found == m_pieces.end() ? nullptr : *found;
}

void OrderedWork::run(const std::shared_ptr<Piece>& piece, Lock& lock) {
  piece->state = Piece::State::begun;
  lock.unlock();
  try {
    piece->tell = piece->work();
  } catch (...) {
    piece->failure = std::current_exception();
  }
  lock.lock();
  piece->state = Piece::State::done;
  m_done.notify_one();
}

/// Until the first piece is done this thread does what others there are.
void OrderedWork::tell_first(Lock& lock) {
  const auto first = m_pieces.front();
  while (first->state != Piece::State::done) {
    if (const auto piece = next_waiting()) {
      run(piece, lock);
    } else {
      m_done.wait(lock);
    }
  }
  m_pieces.pop_front();
  lock.unlock();
  if (first->failure) {
    std::rethrow_exception(first->failure);
  }
  first->tell();
  lock.lock();
}

}  // namespace upinspect::inspecting
