// SPDX-License-Identifier: Apache-2.0
// Bits that are far from random though nothing reads in them: programs, tables, text in an unknown code. Five tests over the
// streams of the lowest bits, each held against all places and all streams that were looked at.
#pragma once

#include "forensics/carrier.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace upinspect::forensics {

struct Structure {
  unsigned bits = 1;            ///< so many lowest bits of each element, the first one highest
  std::size_t first = 0;        ///< element of the carrier
  std::size_t last = 0;
  double log_p = 0;             ///< ln of the chance that honest low bits show as much anywhere in the carrier
  std::string test;             ///< what showed it, in words
  bool arithmetic = false;      ///< the bits above tell what these are, as arithmetic makes them and tools do not
};

/// Widths of fields that are looked at.
inline constexpr std::array k_structure_widths = {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 10U, 12U, 16U};

/// Looks at the lowest `bits` bits of the elements of the carrier's `parts` (indices, in order), zeros and repetitions passed over, as one
/// run. A repeated byte; bytes that follow one another as in programs; windows of 32 bytes and more whose eight bits lean (chi-square of eight degrees, against how they lean everywhere);
/// windows of 2,048 bytes and more, and all of them, whose bytes are unevenly spread (chi-square of 255 degrees) or whose bits follow one another
/// unevenly (serial test), of types that have low bits which are even in honest weights. Nothing where the chance is above `most`.
[[nodiscard]] std::optional<Structure> find_structure(const Carrier& carrier, std::span<const std::size_t> parts, unsigned bits, double most);

/// A program in all bits of the fraction of everything, so that nothing is left to tell trained weights by: bytes that follow one another as in
/// programs so much better than they follow by their frequencies that no p-value is needed (e^-150).
[[nodiscard]] std::optional<Structure> find_program(const Carrier& carrier);

}  // namespace upinspect::forensics
