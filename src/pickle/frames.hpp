// SPDX-License-Identifier: Apache-2.0
// What frames that lie do to a pickle: the bytes that CPython's _pickle loses where it is given a file, not bytes.
#pragma once

#include "bytes/source.hpp"
#include "upinspect/artifact.hpp"

#include <vector>

namespace upinspect::pickle {

/// How _pickle (CPython 3.8 to 3.14, Modules/_pickle.c) reads a pickle from an object with `read` and `readline`, such
/// as io.BytesIO. It reads a frame as one block; where an argument is not whole in what is left of the block, that rest
/// is thrown away and the argument is read from behind the frame. Contents of bytes and bytearrays are read across.
/// A file with `peek` (what `open` gives) may have read ahead, and then loses nothing.
struct FileReading {
  std::vector<ByteRange> lost;  ///< in the source, in order
  std::uint64_t end = 0;        ///< where the reading ends at the latest: at a frame longer than the file, or the 1001st loss
};

/// Follows the opcodes of the pickle at `start` without running them, at most `most` of them. `end` is that of the
/// source, or earlier.
[[nodiscard]] FileReading read_as_file(const bytes::Source& source, std::uint64_t start, std::uint64_t end, std::uint64_t most);

/// Another source without some of its bytes, and the way back to where the others stand.
class SplicedSource final : public bytes::Source {
 public:
  /// `lost` must be sorted and lie within `source`, which must outlive this.
  SplicedSource(const bytes::Source& source, std::vector<ByteRange> lost);

  [[nodiscard]] std::uint64_t size() const noexcept override { return m_size; }
  void read_at(std::uint64_t offset, std::span<std::byte> out) const override;

  /// Where the byte at `offset` stands in the other source.
  [[nodiscard]] std::uint64_t original(std::uint64_t offset) const noexcept;
  /// Where a byte of the other source stands here; of a lost one, where the next that is not lost does.
  [[nodiscard]] std::uint64_t spliced(std::uint64_t original) const noexcept;

 private:
  const bytes::Source& m_source;
  std::vector<ByteRange> m_lost;
  std::uint64_t m_size = 0;
};

}  // namespace upinspect::pickle
