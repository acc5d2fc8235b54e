// SPDX-License-Identifier: Apache-2.0
// Hands the stretches of one stream, as it passes by once, to whoever asked for them.
#pragma once

#include "upinspect/artifact.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace upinspect::measure {

/// Wants the bytes of `range`, in order, in pieces of any size; `begin` comes before the first, `end` after the last.
class StreamTask {
 public:
  explicit StreamTask(ByteRange range) : m_range(range) {}
  virtual ~StreamTask() = default;
  [[nodiscard]] ByteRange range() const noexcept { return m_range; }

  virtual void begin() {}
  virtual void feed(std::span<const std::byte> piece) = 0;
  virtual void end() {}

 private:
  ByteRange m_range;
};

/// Tasks over one stream. Their ranges may overlap; empty ranges are begun and ended at once.
class StreamSweep {
 public:
  void add(std::unique_ptr<StreamTask> task);

  /// Sorts the tasks; call it once, after the last add and before the first feed.
  void start();

  /// The next piece of the stream. Pieces follow one another without a gap.
  void feed(std::span<const std::byte> piece);

  /// Ends what is still open: a task whose range goes past the end of the stream has seen what there was.
  void finish();

  [[nodiscard]] bool empty() const noexcept { return m_tasks.empty(); }

 private:
  void open_until(std::uint64_t offset);

  std::vector<std::unique_ptr<StreamTask>> m_tasks;
  std::vector<StreamTask*> m_open;
  std::size_t m_next = 0;
  std::uint64_t m_position = 0;
};

}  // namespace upinspect::measure
