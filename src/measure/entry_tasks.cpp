// SPDX-License-Identifier: Apache-2.0
#include "measure/entry_tasks.hpp"

#include "numeric/entropy.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace upinspect::measure {

namespace {

std::string hex32(std::uint32_t value) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08x", static_cast<unsigned>(value));
  return text.data();
}

void report_crc(model::Builder& builder, const model::ChecksumClaim& claim, std::uint32_t actual) {
  if (actual == claim.crc32) {
    return;
  }
  // torch can be told to write no CRC at all and then leaves zero; it never checks one.
  const bool never_computed = claim.crc32 == 0;
  builder.find(never_computed ? "zip.crc-absent" : "zip.crc-mismatch",
               never_computed ? Severity::note : Severity::error,
               "entry \"" + claim.entry + "\": the archive declares CRC-32 " + hex32(claim.crc32) + ", its data have " +
                   hex32(actual) + (never_computed ? " (zero: it was probably never computed)" : ""),
               claim.packed);
}

}  // namespace

void StoredEntryTask::end() { report_crc(m_builder, m_claim, m_crc.value()); }

DeflatedEntryTask::DeflatedEntryTask(const model::ChecksumClaim& claim, model::Builder& builder)
    : StreamTask(claim.packed), m_claim(claim), m_builder(builder), m_inflater(claim.unpacked) {}

void DeflatedEntryTask::feed(std::span<const std::byte> piece) {
  static_cast<void>(m_inflater.push(piece, [this](std::span<const std::byte> block) {
    m_crc.add(block);
    m_inside.feed(block);
  }));
}

void DeflatedEntryTask::end() {
  m_inside.finish();
  judge();
}

void DeflatedEntryTask::judge() {
  const auto where = ByteRange{range().offset + std::min(m_inflater.consumed(), range().length), 0};
  const auto name = "entry \"" + m_claim.entry + "\": ";
  switch (m_inflater.state()) {
    case bytes::InflateState::corrupt:
      m_builder.find("zip.corrupt-data", Severity::error, name + "the deflated data are damaged: " + m_inflater.why(), where);
      return;
    case bytes::InflateState::capped:
      m_builder.find("zip.size-mismatch", Severity::error,
                     name + "unpacks to more than the declared " + std::to_string(m_claim.unpacked) + " bytes", where);
      return;
    case bytes::InflateState::needs_more:
      m_builder.find("container.truncated", Severity::error,
                     name + "the deflated data end early, after " + std::to_string(m_inflater.produced()) + " of " +
                         std::to_string(m_claim.unpacked) + " unpacked bytes",
                     where);
      return;
    case bytes::InflateState::finished: break;
  }
  if (m_inflater.produced() != m_claim.unpacked) {
    m_builder.find("zip.size-mismatch", Severity::error,
                   name + "unpacks to " + std::to_string(m_inflater.produced()) + " bytes, the archive declares " +
                       std::to_string(m_claim.unpacked),
                   where);
  }
  if (m_inflater.consumed() < range().length) {
    m_builder.find("zip.trailing-in-entry", Severity::warning,
                   name + std::to_string(range().length - m_inflater.consumed()) +
                       " bytes follow the end of its deflate stream",
                   ByteRange{where.offset, range().length - m_inflater.consumed()});
  }
  report_crc(m_builder, m_claim, m_crc.value());
}

void GapTask::feed(std::span<const std::byte> piece) {
  for (const auto byte : piece) {
    ++m_counts[std::to_integer<std::size_t>(byte)];
  }
  constexpr std::size_t k_head = 4096;
  const auto wanted = std::min(piece.size(), k_head - std::min(k_head, m_head.size()));
  m_head.insert(m_head.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(wanted));
}

void GapTask::end() {
  model::GapContent content;
  content.range = range();
  content.entropy = numeric::entropy_of_counts(m_counts);
  content.all_zero = m_counts[0] == range().length;
  content.head = std::move(m_head);
  m_out.push_back(std::move(content));
}

}  // namespace upinspect::measure
