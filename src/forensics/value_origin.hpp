// SPDX-License-Identifier: Apache-2.0
// What the values of a stretch of a tensor tell of where they come from, beyond their bit planes.
#pragma once

#include "forensics/bit_stream.hpp"
#include "upinspect/artifact.hpp"
#include "upinspect/low_bits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upinspect::forensics {

/// f32 numbers that were widened from f16 or bf16, and some or all of them touched.
struct BrokenUpcast {
  Provenance origin = Provenance::upcast_f16;
  std::uint64_t conforming = 0;          ///< of the numbers that are not zero
  std::uint64_t touched = 0;             ///< those that are not
  std::vector<std::uint64_t> elements;   ///< the first of them
  std::uint64_t last = 0;
  std::uint64_t low_bits = 0;            ///< which bits are set that widening leaves clear
};

/// Where more than half of the numbers, not all, have none of the bits that widening leaves clear; or where lower ones of these bits
/// are set while the two highest are clear in all numbers.
[[nodiscard]] std::optional<BrokenUpcast> broken_upcast(const ElementRun& run);

/// Random initialisations are multiples of one small step, so that small numbers end in more zeros than large ones.
[[nodiscard]] bool is_on_lattice(const ElementRun& run);

/// How values repeat, zero left out, in a sample of at most 65,536.
struct Repetition {
  double most_frequent = 0;   ///< share of the value that occurs most often
  double distinct = 1;        ///< different values, as a share of the sample
  std::size_t sample = 0;
};
[[nodiscard]] Repetition repetition_of(const ElementRun& run);

/// The longest run of f32 whose highest byte is one of a pair that differs in the sign alone, 3C/BC or 38/B8: the marks of
/// fast substitution (EvilModel).
[[nodiscard]] Stretch longest_prefix_run(const ElementRun& run);

/// Numbers from `first` to `last`, nine at least, that rise or fall all the way but for one step in twenty, or stay, as tables and schedules do. `is_float`: the
/// highest bit is a sign.
[[nodiscard]] bool is_monotone(const ElementRun& run, bool is_float, std::size_t first, std::size_t last);

}  // namespace upinspect::forensics
