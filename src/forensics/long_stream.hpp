// SPDX-License-Identifier: Apache-2.0
// Rates a stream that is too long to be rated whole: one pass over it marks what may be text or a file, and only there it is read.
#pragma once

#include "forensics/bit_stream.hpp"
#include "forensics/stream_rating.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace upinspect::forensics {

/// A stream of a field's bits, as one reading takes it.
struct LongStream {
  ElementRun elements;
  Field field;
  unsigned character_bits = 8;
  unsigned distinct = 6;            ///< characters that text must have
  double convincing = -20;          ///< ln of the chance from which on text counts; what is far from it is not read
};

/// The first and the last bit of a stream that a change touched.
struct TouchedBits {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// Something that was found, and the characters around it: `found` counts from the first of them, which begins at bit `bit`.
struct FoundInWindow {
  std::uint64_t bit = 0;
  std::vector<std::byte> bytes;
  Found found;
};

/// Characters of a window at bit `from`, which a change touched; nothing where it touched none of them. `field_bits` is the
/// width of the field, whose last one may fill a character in part.
[[nodiscard]] std::optional<Touched> touched_in(const TouchedBits& bits, std::uint64_t from, std::size_t characters, unsigned character_bits,
                                                const Field& field);

/// What rate_stream finds in any alignment, as far as the filters of scan_stream let it pass: text with eleven characters in a row or
/// letters beyond ASCII, files by their first bytes. Chances are those of the whole stream. The surest first; no two of them share a bit.
[[nodiscard]] std::vector<FoundInWindow> rate_long_stream(const LongStream& stream, const std::optional<TouchedBits>& touched);

}  // namespace upinspect::forensics
