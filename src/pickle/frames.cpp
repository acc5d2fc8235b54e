// SPDX-License-Identifier: Apache-2.0
#include "pickle/frames.hpp"

#include "bytes/cursor.hpp"
#include "pickle/opcodes.hpp"

#include <algorithm>

namespace upinspect::pickle {

namespace {

constexpr std::size_t k_most_lost = 1000;

/// The reading end of _pickle: a block in memory, and the file behind it.
class FrameReader {
 public:
  FrameReader(const bytes::Source& source, ByteRange window) : m_in(source, window), m_block_end(window.offset) {}

  FileReading follow(std::uint64_t most);

 private:
  /// _Unpickler_Read.
  void read(std::uint64_t length);
  /// _Unpickler_Readline.
  void line();
  /// _Unpickler_ReadInto.
  void read_across(std::uint64_t length) { m_in.skip(length, "content"); }
  [[nodiscard]] std::uint64_t number(unsigned width);
  void argument(ArgumentKind kind);
  [[nodiscard]] bool lines_of(ArgumentKind kind);
  void frame();
  void drop_block();
  [[nodiscard]] std::uint64_t in_block() const { return m_in.offset() < m_block_end ? m_block_end - m_in.offset() : 0; }

  bytes::Cursor m_in;
  std::uint64_t m_block_end;
  FileReading m_out;
};

void FrameReader::drop_block() {
  if (in_block() > 0) {
    if (m_out.lost.size() >= k_most_lost) {
      m_out.end = m_in.offset();
      m_in.fail("frame", "is one of too many that lie");
    }
    m_out.lost.push_back({m_in.offset(), in_block()});
    m_in.seek(m_block_end, "frame");
  }
}

void FrameReader::read(std::uint64_t length) {
  if (length > in_block()) {
    drop_block();
  }
  m_in.skip(length, "argument");
}

void FrameReader::line() {
  const auto start = m_in.offset();
  for (auto left = in_block(); left > 0; --left) {
    if (m_in.le<char>("line") == '\n') {
      return;
    }
  }
  if (start < m_block_end) {
    m_in.seek(start, "line");
    drop_block();
  }
  while (m_in.le<char>("line") != '\n') {
  }
}

std::uint64_t FrameReader::number(unsigned width) {
  if (width > in_block()) {
    drop_block();
  }
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) {
    value |= std::uint64_t{m_in.le<std::uint8_t>("number")} << (8 * i);
  }
  return value;
}

void FrameReader::frame() {
  const auto length = number(8);
  if (length > in_block()) {
    drop_block();
    if (length > m_in.remaining()) {
      m_out.end = m_in.offset();
      m_in.fail("frame", "is longer than the file");
    }
    m_block_end = m_in.offset() + length;
  }
}

bool FrameReader::lines_of(ArgumentKind kind) {
  switch (kind) {
    case ArgumentKind::line_pair: line(); line(); return true;
    case ArgumentKind::unicode_line:
    case ArgumentKind::quoted_line:
    case ArgumentKind::line:
    case ArgumentKind::integer_line:
    case ArgumentKind::long_line:
    case ArgumentKind::float_line: line(); return true;
    default: return false;
  }
}

void FrameReader::argument(ArgumentKind kind) {
  if (lines_of(kind)) {
    return;
  }
  switch (kind) {
    case ArgumentKind::uint1: read(1); break;
    case ArgumentKind::uint2: read(2); break;
    case ArgumentKind::uint4:
    case ArgumentKind::int4: read(4); break;
    case ArgumentKind::uint8:
    case ArgumentKind::float8: read(8); break;
    case ArgumentKind::long1:
    case ArgumentKind::string1:
    case ArgumentKind::unicode1: read(number(1)); break;
    case ArgumentKind::long4:
    case ArgumentKind::string4:
    case ArgumentKind::unicode4: read(number(4)); break;
    case ArgumentKind::unicode8: read(number(8)); break;
    case ArgumentKind::bytes1: read_across(number(1)); break;
    case ArgumentKind::bytes4: read_across(number(4)); break;
    case ArgumentKind::bytes8:
    case ArgumentKind::bytearray8: read_across(number(8)); break;
    default: break;
  }
}

FileReading FrameReader::follow(std::uint64_t most) {
  m_out.end = m_in.end();
  try {
    for (std::uint64_t i = 0; i < most && !m_in.at_end(); ++i) {
      const auto* opcode = find_opcode(m_in.le<std::uint8_t>("opcode"));
      if (opcode == nullptr || opcode->code == Opcode::stop) {
        break;
      }
      if (opcode->code == Opcode::frame) {
        frame();
      } else {
        argument(opcode->argument);
      }
    }
  } catch (const bytes::ParseError&) {
    // What is missing here is missing for the machine too, which says so; but it asks for no frames.
  }
  return std::move(m_out);
}

}  // namespace

FileReading read_as_file(const bytes::Source& source, std::uint64_t start, std::uint64_t end, std::uint64_t most) {
  return FrameReader(source, ByteRange{start, end - start}).follow(most);
}

SplicedSource::SplicedSource(const bytes::Source& source, std::vector<ByteRange> lost)
    : m_source(source), m_lost(std::move(lost)), m_size(source.size()) {
  for (const auto& range : m_lost) {
    m_size -= range.length;
  }
}

std::uint64_t SplicedSource::original(std::uint64_t offset) const noexcept {
  for (const auto& range : m_lost) {
    if (offset < range.offset) {
      break;
    }
    offset += range.length;
  }
  return offset;
}

std::uint64_t SplicedSource::spliced(std::uint64_t original) const noexcept {
  std::uint64_t lost = 0;
  for (const auto& range : m_lost) {
    if (original < range.end()) {
      return std::min(original, range.offset) - lost;
    }
    lost += range.length;
  }
  return original - lost;
}

void SplicedSource::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  auto at = original(offset);
  auto next = std::upper_bound(m_lost.begin(), m_lost.end(), at,
                               [](std::uint64_t value, const ByteRange& range) { return value < range.offset; });
  while (!out.empty()) {
    const auto run = next == m_lost.end() ? out.size() : std::min<std::uint64_t>(out.size(), next->offset - at);
    m_source.read_at(at, out.first(static_cast<std::size_t>(run)));
    out = out.subspan(static_cast<std::size_t>(run));
    at += run;
    if (next != m_lost.end() && at == next->offset) {
      at = next->end();
      ++next;
    }
  }
}

}  // namespace upinspect::pickle
