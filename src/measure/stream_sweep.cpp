// SPDX-License-Identifier: Apache-2.0
#include "measure/stream_sweep.hpp"

#include <algorithm>
#include <utility>

namespace upinspect::measure {

namespace {

/// The part of `range` that lies in the piece which starts at `at`.
std::span<const std::byte> part_of(std::span<const std::byte> piece, std::uint64_t at, ByteRange range) {
  const auto begin = std::max(range.offset, at);
  const auto end = std::min(range.end(), at + piece.size());
  return piece.subspan(static_cast<std::size_t>(begin - at), static_cast<std::size_t>(end - begin));
}

}  // namespace

void StreamSweep::add(std::unique_ptr<StreamTask> task) {
  const auto range = task->range();
  m_tasks.push_back({range, std::move(task), nullptr});
}

void StreamSweep::add(ByteRange range, Tensor& tensor, const TaskMaker& maker) {
  m_maker = &maker;
  m_tasks.push_back({range, nullptr, &tensor});
}

void StreamSweep::start() {
  std::stable_sort(m_tasks.begin(), m_tasks.end(), [](const Planned& a, const Planned& b) { return a.range.offset < b.range.offset; });
}

std::unique_ptr<StreamTask> StreamSweep::begun(Planned& planned) const {
  auto task = planned.task ? std::move(planned.task) : m_maker->make(planned.range, *planned.tensor);
  task->begin();
  return task;
}

// --- Shared tensors ---------------------------------------------------------------------------------------------

/// Offers those that lie whole in the piece.
void StreamSweep::share(std::span<const std::byte> piece) {
  if (m_helper == nullptr) {
    return;
  }
  const auto end = m_position + piece.size();
  for (auto i = m_next; i < m_tasks.size() && m_tasks[i].range.offset < end; ++i) {
    const auto& planned = m_tasks[i];
    if (planned.tensor != nullptr && planned.range.length != 0 && planned.range.offset >= m_position && planned.range.end() <= end) {
      m_shared.push_back(static_cast<std::uint32_t>(i));
    }
  }
  if (m_shared.empty()) {
    return;
  }
  m_shared_piece = piece;
  m_shared_at = m_position;
  m_next_shared = 0;
  m_passed = 0;
  if (!m_helper->offer([this] { help(); })) {
    m_shared.clear();
  }
}

void StreamSweep::measure_shared() {
  for (auto i = m_next_shared.fetch_add(1); i < m_shared.size(); i = m_next_shared.fetch_add(1)) {
    const auto& planned = m_tasks[m_shared[i]];
    const auto task = m_maker->make(planned.range, *planned.tensor);
    task->begin();
    task->feed(part_of(m_shared_piece, m_shared_at, planned.range));
    task->end();
  }
}

void StreamSweep::help() noexcept {
  try {
    measure_shared();
  } catch (...) {
    m_failure = std::current_exception();
  }
}

/// Measures what nobody has begun of the tensors that are shared, and waits for the others.
void StreamSweep::settle() {
  if (m_shared.empty()) {
    return;
  }
  measure_shared();
  m_helper->wait();
  m_shared.clear();
  if (m_failure) {
    std::rethrow_exception(std::exchange(m_failure, nullptr));
  }
}

void StreamSweep::pass_over_shared() {
  while (m_passed < m_shared.size() && m_shared[m_passed] == m_next) {
    ++m_next;
    ++m_passed;
  }
}

// --- One after another ------------------------------------------------------------------------------------------

void StreamSweep::open_until(std::uint64_t offset) {
  for (pass_over_shared(); m_next < m_tasks.size() && m_tasks[m_next].range.offset < offset; pass_over_shared()) {
    auto task = begun(m_tasks[m_next++]);
    if (task->range().length == 0) {
      task->end();
    } else {
      m_open.push_back(std::move(task));
    }
  }
}

void StreamSweep::feed(std::span<const std::byte> piece) {
  settle();
  share(piece);
  const auto end = m_position + piece.size();
  // Tasks are opened one start at a time, so that of a thousand small ones in a piece only those which overlap are
  // open together.
  std::uint64_t at = m_position;
  while (at < end) {
    open_until(at + 1);
    auto until = m_next < m_tasks.size() ? std::min(end, m_tasks[m_next].range.offset) : end;
    for (const auto& task : m_open) {
      until = std::min(until, std::max(task->range().end(), at + 1));
    }
    const auto here = piece.subspan(static_cast<std::size_t>(at - m_position), static_cast<std::size_t>(until - at));
    for (const auto& task : m_open) {
      task->feed(part_of(here, at, task->range()));
    }
    std::erase_if(m_open, [until](const std::unique_ptr<StreamTask>& task) {
      const bool over = task->range().end() <= until;
      if (over) {
        task->end();
      }
      return over;
    });
    at = until;
  }
  m_position = end;
  measure_shared();
}

void StreamSweep::finish() {
  settle();
  for (const auto& task : m_open) {
    task->end();
  }
  m_open.clear();
  while (m_next < m_tasks.size()) {
    begun(m_tasks[m_next++])->end();
  }
}

}  // namespace upinspect::measure
