// SPDX-License-Identifier: Apache-2.0
// What a stream of bytes holds: files that parse, headers of tools, text. One stream, one reading of the bits.
#pragma once

#include "upinspect/payload.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace upinspect::forensics {

/// The bytes of a stream that a change touched, first and last included.
struct Touched {
  std::size_t first = 0;
  std::size_t last = 0;
  /// Bits of the last byte that elements cover up to the last changed one; 8 where all, as where fields divide a byte.
  unsigned last_covered = 8;
  BitOrder order = BitOrder::msb;  ///< which end of that byte they cover
};

/// Something in a stream. `log_p` is the natural logarithm of the chance to find text like this in a random stream of
/// this length; 0 for what a parser recognised, but for a front alone what its fields say.
struct Found {
  std::string kind;
  std::string title;
  PayloadEvidence evidence = PayloadEvidence::readable;
  std::size_t offset = 0;          ///< of the header where there is one
  std::size_t length = 0;          ///< with header and trailer
  std::size_t content_offset = 0;  ///< in the stream
  std::size_t content_length = 0;
  double log_p = 0;
  double bits = 0;                 ///< of a front without its file, as Carved has it
};

/// Text whose chance is worse than this is not looked at again: e^-9 is far from the threshold of any search.
inline constexpr double k_worth_noting = -9;

/// Everything recognised in `stream`, in order of offset. Where it is known which bytes were touched, text is what was
/// written there, neither less nor more. Characters have eight bits, or seven, and
/// text has `distinct` of them.
[[nodiscard]] std::vector<Found> rate_stream(std::span<const std::byte> stream, const std::optional<Touched>& touched,
                                             unsigned character_bits = 8, unsigned distinct = 6);

/// The chance, among all candidates of a search, from which on a text is no accident.
inline constexpr double k_convincing = 1e-6;

/// True for what needs no chance to be believed.
[[nodiscard]] constexpr bool stands(PayloadEvidence evidence) noexcept {
  return evidence == PayloadEvidence::proven || evidence == PayloadEvidence::known_header;
}

}  // namespace upinspect::forensics
