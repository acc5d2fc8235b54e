// SPDX-License-Identifier: Apache-2.0
// Which bits follow one another, whatever bytes they are in: what deflate writes is a stream of bits, and its codes are uneven.
#pragma once

#include "forensics/little.hpp"

#include <cstddef>
#include <vector>

namespace upinspect::forensics {

/// A window and the chance that even bits look as uneven, as its natural logarithm.
struct PatternWindow {
  std::size_t begin = 0;
  std::size_t end = 0;
  double log_p = 0;
};

/// The serial test (NIST SP 800-22, 2.11, its first difference) of ten bits, at every bit, lowest bits first: of everything, then of
/// windows of 2,048 bytes, 8,192 and so on, side by side. Nothing of less than 256 bytes.
[[nodiscard]] std::vector<PatternWindow> pattern_windows(Bytes bytes);

}  // namespace upinspect::forensics
