// SPDX-License-Identifier: Apache-2.0
// Measures one tensor from its elements' bytes: digests, statistics, entropy, provenance.
#pragma once

#include "bytes/digest.hpp"
#include "measure/stream_sweep.hpp"
#include "numeric/accumulator.hpp"
#include "numeric/block_meter.hpp"
#include "upinspect/inspect.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace upinspect::measure {

/// The working state of a measurement: large tables, so it is lent from tensor to tensor.
struct Instruments {
  numeric::Accumulator accumulator;
  std::unique_ptr<numeric::BlockMeter> block_meter;  ///< made with the first quantised tensor
  bytes::Xxh3_128 xxh3;
  std::optional<bytes::Sha256> sha256;
  std::vector<std::byte> swapped;
};

class InstrumentPool {
 public:
  /// One that lives as long as the thread, so that the next file finds them made.
  [[nodiscard]] static InstrumentPool& of_this_thread();

  [[nodiscard]] std::unique_ptr<Instruments> borrow();
  void give_back(std::unique_ptr<Instruments> instruments);

 private:
  std::vector<std::unique_ptr<Instruments>> m_idle;
};

/// Takes a tensor's elements as bytes in row-major order, in pieces of any size and in the file's byte order, and
/// writes what it measured into the tensor when they are complete.
class TensorGauge {
 public:
  TensorGauge(Tensor& tensor, const InspectOptions& options, InstrumentPool& pool);
  ~TensorGauge();
  TensorGauge(const TensorGauge&) = delete;
  TensorGauge& operator=(const TensorGauge&) = delete;

  void begin();
  /// With a helper the piece stays where it is until the next call, or end().
  void feed(std::span<const std::byte> piece, numeric::Helper* helper = nullptr);
  void end();

 private:
  void take(std::span<const std::byte> little_endian, numeric::Helper* helper);
  void take_swapped(std::span<const std::byte> piece);

  Tensor& m_tensor;
  const InspectOptions& m_options;
  InstrumentPool& m_pool;
  std::unique_ptr<Instruments> m_tools;
  std::uint64_t m_seen = 0;
  bool m_has_blocks = false;       ///< of quantised values, whose statistics are taken of what they stand for
  std::vector<std::byte> m_split;  ///< the first bytes of an element or block that two pieces share
};

/// A TensorGauge for a tensor that lies in a stream just as it is.
class TensorTask final : public StreamTask {
 public:
  TensorTask(ByteRange range, Tensor& tensor, const InspectOptions& options, InstrumentPool& pool, numeric::Helper* helper)
      : StreamTask(range), m_gauge(tensor, options, pool), m_helper(helper) {}
  void begin() override { m_gauge.begin(); }
  void feed(std::span<const std::byte> piece) override { m_gauge.feed(piece, m_helper); }
  void end() override { m_gauge.end(); }

 private:
  TensorGauge m_gauge;
  numeric::Helper* m_helper;
};

}  // namespace upinspect::measure
