// SPDX-License-Identifier: Apache-2.0
#include "diff/pair.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace upinspect::diff {
namespace {

constexpr std::uint64_t k_piece_elements = 64U << 10U;

/// Carries the old side's bytes from the thread that streams them to the one that compares: a pipe of bounded size.
class Pipe {
 public:
  /// The reader went away: nothing more is wanted.
  struct Closed {};

  void write(std::span<const std::byte> piece) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_held < k_most || m_closed; });
    if (m_closed) {
      throw Closed();
    }
    m_pieces.emplace_back(piece.begin(), piece.end());
    m_held += piece.size();
    m_changed.notify_all();
  }

  /// No more will come; `failure` says why, where that is too early.
  void end(std::exception_ptr failure) {
    const std::lock_guard lock(m_mutex);
    m_failure = std::move(failure);
    m_ended = true;
    m_changed.notify_all();
  }

  void close() {
    const std::lock_guard lock(m_mutex);
    m_closed = true;
    m_changed.notify_all();
  }

  /// Fills `out`; throws what the writer threw, or InputError where it ended too early.
  void read(std::span<std::byte> out) {
    while (!out.empty()) {
      if (m_used == m_current.size()) {
        next();
      }
      const auto length = std::min(out.size(), m_current.size() - m_used);
      std::copy_n(m_current.begin() + static_cast<std::ptrdiff_t>(m_used), length, out.begin());
      m_used += length;
      out = out.subspan(length);
    }
  }

 private:
  static constexpr std::size_t k_most = std::size_t{4} << 20U;

  void next() {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return !m_pieces.empty() || m_ended; });
    if (m_pieces.empty()) {
      if (m_failure) {
        std::rethrow_exception(m_failure);
      }
      throw InputError("the elements end too early");
    }
    m_current = std::move(m_pieces.front());
    m_pieces.pop_front();
    m_held -= m_current.size();
    m_used = 0;
    m_changed.notify_all();
  }

  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::deque<std::vector<std::byte>> m_pieces;
  std::size_t m_held = 0;
  bool m_ended = false;
  bool m_closed = false;
  std::exception_ptr m_failure;
  std::vector<std::byte> m_current;
  std::size_t m_used = 0;
};

/// Closes the pipe when the reader leaves, however it does.
struct Closer {
  Pipe& pipe;
  ~Closer() { pipe.close(); }
};

void feed(const Pair& pair, Pipe& pipe) {
  std::exception_ptr failure;
  try {
    pair.before.stream(pair.old_index, [&pipe](std::span<const std::byte> piece) { pipe.write(piece); });
  } catch (const Pipe::Closed&) {
    return;
  } catch (...) {
    failure = std::current_exception();
  }
  pipe.end(std::move(failure));
}

}  // namespace

void read_pair(const Pair& pair, std::uint64_t first, std::uint64_t count, const PairSink& sink) {
  const auto old_range = pair.before.plain(pair.old_index).value();
  const auto new_range = pair.after.plain(pair.new_index).value();
  const auto old_width = old_range.length / pair.old_tensor().elements;
  const auto new_width = new_range.length / pair.new_tensor().elements;
  std::vector<std::byte> before(static_cast<std::size_t>(std::min(count, k_piece_elements) * old_width));
  std::vector<std::byte> after(static_cast<std::size_t>(std::min(count, k_piece_elements) * new_width));
  for (std::uint64_t at = 0; at < count; at += k_piece_elements) {
    const auto elements = std::min(k_piece_elements, count - at);
    const auto old_part = std::span(before).first(static_cast<std::size_t>(elements * old_width));
    const auto new_part = std::span(after).first(static_cast<std::size_t>(elements * new_width));
    pair.before.file()->read_at(old_range.offset + (first + at) * old_width, old_part);
    pair.after.file()->read_at(new_range.offset + (first + at) * new_width, new_part);
    sink(old_part, new_part);
  }
}

void stream_pair(const Pair& pair, const PairSink& sink) {
  if (pair.old_tensor().elements == 0) {
    return;
  }
  if (pair.seekable()) {
    read_pair(pair, 0, pair.new_tensor().elements, sink);
    return;
  }
  Pipe pipe;
  std::jthread feeder([&pair, &pipe] { feed(pair, pipe); });
  const Closer closer{pipe};
  std::vector<std::byte> before;
  pair.after.stream(pair.new_index, [&](std::span<const std::byte> piece) {
    // Sub-byte and block types have the same type on both sides, so that bytes stand for elements.
    const bool alike = pair.old_tensor().bytes == pair.new_tensor().bytes;
    const auto elements = alike ? piece.size() : piece.size() / (pair.new_tensor().bytes / pair.new_tensor().elements);
    before.resize(alike ? piece.size() : elements * static_cast<std::size_t>(pair.old_tensor().bytes / pair.old_tensor().elements));
    pipe.read(before);
    sink(before, piece);
  });
}

}  // namespace upinspect::diff
