// SPDX-License-Identifier: Apache-2.0
// How surely a stretch of bytes is from the middle of a compiled program: by which bytes follow one another there.
#pragma once

#include "forensics/bit_bias.hpp"

#include <cstddef>
#include <span>

namespace upinspect::forensics {

struct ProgramStretch {
  std::size_t begin = 0;
  std::size_t end = 0;
  double gain = 0;   ///< ln of how much likelier the model of programs makes it than the frequencies of its bits do, everywhere and around it
};

/// The stretch with the greatest gain; in n bytes whose bits know nothing of one another one above ln(n) + x comes with a chance of at most
/// about e^-x. The model is of programs for x86-64 (tests/support/make_program_model.py); those for other processors gain less.
[[nodiscard]] ProgramStretch best_program(std::span<const std::byte> bytes, const BitLean& lean);

/// The same against how often each byte comes, whatever the reason: the greatest sum of ln(P(b | a) / P(b)), zeros and ones of all bits and what
/// follows them passed over, for they are frequent in honest numbers of some kinds, too.
[[nodiscard]] ProgramStretch program_of_all(std::span<const std::byte> bytes);

}  // namespace upinspect::forensics
