// SPDX-License-Identifier: Apache-2.0
// What the data pass does with container entries: checks their CRC, unpacks them, measures the tensors inside.
#pragma once

#include "bytes/digest.hpp"
#include "bytes/inflate.hpp"
#include "measure/stream_sweep.hpp"
#include "model/builder.hpp"

#include <array>
#include <vector>

namespace upinspect::measure {

/// CRC-32 of a stored entry.
class StoredEntryTask final : public StreamTask {
 public:
  StoredEntryTask(const model::ChecksumClaim& claim, model::Builder& builder)
      : StreamTask(claim.packed), m_claim(claim), m_builder(builder) {}
  void feed(std::span<const std::byte> piece) override { m_crc.add(piece); }
  void end() override;

 private:
  const model::ChecksumClaim& m_claim;
  model::Builder& m_builder;
  bytes::Crc32 m_crc;
};

/// Unpacks a deflated entry as its bytes pass by: CRC-32, declared size, and the tensors that lie in it.
class DeflatedEntryTask final : public StreamTask {
 public:
  DeflatedEntryTask(const model::ChecksumClaim& claim, model::Builder& builder);
  /// Tasks over the unpacked stream; add them all before the sweep starts.
  [[nodiscard]] StreamSweep& inside() noexcept { return m_inside; }

  void begin() override { m_inside.start(); }
  void feed(std::span<const std::byte> piece) override;
  void end() override;

 private:
  void judge();

  const model::ChecksumClaim& m_claim;
  model::Builder& m_builder;
  bytes::Inflater m_inflater;
  bytes::Crc32 m_crc;
  StreamSweep m_inside;
};

/// Counts the bytes of a gap.
class GapTask final : public StreamTask {
 public:
  GapTask(ByteRange range, std::vector<model::GapContent>& out) : StreamTask(range), m_out(out) {}
  void feed(std::span<const std::byte> piece) override;
  void end() override;

 private:
  std::vector<model::GapContent>& m_out;
  std::array<std::uint64_t, 256> m_counts{};
  std::vector<std::byte> m_head;
};

}  // namespace upinspect::measure
