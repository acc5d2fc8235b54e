// SPDX-License-Identifier: Apache-2.0
// A stretch of another source, seen as a source of its own.
#pragma once

#include "bytes/parse_error.hpp"
#include "bytes/source.hpp"
#include "upinspect/artifact.hpp"

namespace upinspect::bytes {

/// Offsets count from the start of the stretch, which must lie within `source`; both must outlive it.
class WindowSource final : public Source {
 public:
  WindowSource(const Source& source, ByteRange range) : m_source(source), m_range(range) {}

  [[nodiscard]] std::uint64_t size() const noexcept override { return m_range.length; }
  void read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > m_range.length || out.size() > m_range.length - offset) {
      throw ReadError(offset, "read past the end of a window");
    }
    m_source.read_at(m_range.offset + offset, out);
  }

 private:
  const Source& m_source;
  ByteRange m_range;
};

}  // namespace upinspect::bytes
