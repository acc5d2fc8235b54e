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

/// Makes the task for a tensor when its bytes come: of a hundred thousand that lie one after another few are there at a time.
class TaskMaker {
 public:
  virtual ~TaskMaker() = default;
  [[nodiscard]] virtual std::unique_ptr<StreamTask> make(ByteRange range, Tensor& tensor) const = 0;
};

/// Tasks over one stream. Their ranges may overlap; empty ranges are begun and ended at once.
class StreamSweep {
 public:
  void add(std::unique_ptr<StreamTask> task);
  /// A task that `maker`, which outlives the sweep, makes of `tensor` when it begins.
  void add(ByteRange range, Tensor& tensor, const TaskMaker& maker);
  void expect(std::size_t more) { m_tasks.reserve(m_tasks.size() + more); }

  /// Sorts the tasks; call it once, after the last add and before the first feed.
  void start();

  /// The next piece of the stream. Pieces follow one another without a gap.
  void feed(std::span<const std::byte> piece);

  /// Ends what is still open: a task whose range goes past the end of the stream has seen what there was.
  void finish();

  [[nodiscard]] bool empty() const noexcept { return m_tasks.empty(); }

 private:
  struct Planned {
    ByteRange range;
    std::unique_ptr<StreamTask> task;  ///< nothing where it is yet to be made
    Tensor* tensor = nullptr;
  };

  void open_until(std::uint64_t offset);
  [[nodiscard]] std::unique_ptr<StreamTask> begun(Planned& planned) const;

  std::vector<Planned> m_tasks;
  const TaskMaker* m_maker = nullptr;
  std::vector<std::unique_ptr<StreamTask>> m_open;
  std::size_t m_next = 0;
  std::uint64_t m_position = 0;
};

}  // namespace upinspect::measure
