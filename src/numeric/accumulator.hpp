// SPDX-License-Identifier: Apache-2.0
// Measures one tensor in one pass over its bytes: statistics, entropy and bit counts, the same bits for any split.
#pragma once

#include "numeric/counts.hpp"
#include "numeric/measure.hpp"
#include "numeric/moments.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace upinspect::numeric {

/// Somebody who works on another thread.
class Helper {
 public:
  virtual ~Helper() = default;
  /// Takes the job, which does not throw; false, and nothing taken, where there is another one.
  [[nodiscard]] virtual bool offer(std::function<void()> job) = 0;
  /// Until what was taken is done.
  virtual void wait() noexcept = 0;
};

/// Measures tensors one after the other. The bytes of a tensor may come in parts of any size, cut anywhere.
///
///     Accumulator accumulator;
///     accumulator.reset(Dtype::f32);
///     while (...) accumulator.add(bytes);
///     const Result result = accumulator.finish();
///
/// The bytes are little-endian elements. Statistics are over the finite elements. Among minima and maxima -0 lies
/// below +0. The last bytes, where they make no element, are left out. An odd count of f4 elements is measured with the
/// half byte that fills it up.
class Accumulator {
 public:
  using Result = numeric::Result;

  Accumulator() = default;
  ~Accumulator();
  Accumulator(const Accumulator&) = delete;
  Accumulator& operator=(const Accumulator&) = delete;

  void reset(Dtype dtype);
  void add(std::span<const std::byte> bytes);
  /// The same where `helper` may measure some of the chunks meanwhile: `bytes` stay where they are until the next call.
  void add(std::span<const std::byte> bytes, Helper& helper);
  [[nodiscard]] Result finish();

 private:
  /// Chunks that two threads measure, each taking the next that nobody has.
  struct Shared {
    Counts counts;
    Scratch scratch;
    std::span<const std::byte> bytes;
    std::uint64_t first = 0;  ///< number of the first of the chunks
    std::vector<ChunkSums> sums;
    std::atomic<std::size_t> next{0};
    Helper* helper = nullptr;  ///< of chunks that are not settled yet
    bool counted = false;
    std::exception_ptr failure;  ///< of the helper's
  };

  void measure(std::span<const std::byte> chunk);
  std::span<const std::byte> fill_pending(std::span<const std::byte> bytes);
  void share(std::span<const std::byte> chunks, Helper& helper);
  void measure_shared(Counts& counts, Scratch& scratch);
  void help() noexcept;
  void settle();

  Counts m_counts;
  Moments m_moments;
  std::size_t m_chunk_bytes = k_chunk_elements;
  std::uint64_t m_chunks = 0;
  std::vector<std::byte> m_pending;  ///< the first bytes of a chunk that is not complete yet
  Scratch m_scratch;
  std::unique_ptr<Shared> m_shared;
};

}  // namespace upinspect::numeric
