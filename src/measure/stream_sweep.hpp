// SPDX-License-Identifier: Apache-2.0
// Hands the stretches of one stream, as it passes by once, to whoever asked for them.
#pragma once

#include "numeric/accumulator.hpp"
#include "upinspect/artifact.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
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
/// Called on the thread that measures it.
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

  /// Lets `helper`, which outlives the sweep, measure some of the tensors that lie whole in a piece. A piece then stays where it
  /// is until the next call of feed or finish.
  void share_with(numeric::Helper& helper) { m_helper = &helper; }

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

  void share(std::span<const std::byte> piece);
  void measure_shared();
  void help() noexcept;
  void settle();
  void pass_over_shared();
  void open_until(std::uint64_t offset);
  [[nodiscard]] std::unique_ptr<StreamTask> begun(Planned& planned) const;

  std::vector<Planned> m_tasks;
  const TaskMaker* m_maker = nullptr;
  std::vector<std::unique_ptr<StreamTask>> m_open;
  std::size_t m_next = 0;
  std::uint64_t m_position = 0;
  numeric::Helper* m_helper = nullptr;
  std::vector<std::uint32_t> m_shared;  ///< the tasks of the piece that two threads share; whoever is free takes the next one
  std::size_t m_passed = 0;             ///< of these
  std::span<const std::byte> m_shared_piece;
  std::uint64_t m_shared_at = 0;  ///< where in the stream that piece starts
  std::atomic<std::size_t> m_next_shared{0};
  std::exception_ptr m_failure;
};

}  // namespace upinspect::measure
