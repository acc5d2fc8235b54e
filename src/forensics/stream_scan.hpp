// SPDX-License-Identifier: Apache-2.0
// Passes once over a field's stream and marks the places where text or a file may begin, in all alignments at once.
#pragma once

#include "forensics/bit_stream.hpp"
#include "forensics/file_front.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace upinspect::forensics {

/// A place of a stream that is worth a closer look.
struct Seed {
  std::uint64_t bit = 0;      ///< of the stream, where the first character begins
  std::uint64_t bytes = 0;    ///< of text; 0 for the beginning of a file
  double log_p = 0;           ///< of text, as TextStretch has it, in a stream as long as this one

  friend bool operator==(const Seed&, const Seed&) = default;
};

struct Scan {
  std::vector<Seed> seeds;      ///< in order of their bits
  bool cut_short = false;       ///< there were more seeds than are kept
};

/// More seeds in one stream are no messages but a structure of the numbers.
inline constexpr std::size_t k_most_seeds = 4096;

/// The filters for text: of eight bytes in a row, one bit of each is zero (ASCII) or one (UTF-8 beyond ASCII), which one in
/// 256 random ones is; at steps of four bytes, so that no text of eleven characters is missed. For files: pairs of first bytes.
/// `field` must be of at most 24 bits. Characters have eight bits or seven.
[[nodiscard]] Scan scan_stream(const ElementRun& run, const Field& field, unsigned character_bits, unsigned distinct);

}  // namespace upinspect::forensics
