// SPDX-License-Identifier: Apache-2.0
// How surely bits are deflated data, of which neither beginning nor code is known: codes come again, and some more often than their lengths say.
#pragma once

#include "forensics/little.hpp"

#include <cstddef>

namespace upinspect::forensics {

struct DeflateStretch {
  std::size_t begin = 0;
  std::size_t end = 0;
  double gain = 0;   ///< ln of the likelihood ratio of the model and even bits
};

/// Predicts each bit, lowest first, by what followed the same last bits so far (tests/support/make_deflate_model.py), and bets on it where that
/// went well. The gain is the greatest over all ends, and the ratio a martingale under even bits: a gain of b and more comes with a chance of at most e^-b,
/// whatever the number of bytes (Ville's inequality).
[[nodiscard]] DeflateStretch best_deflate(Bytes bytes);

}  // namespace upinspect::forensics
