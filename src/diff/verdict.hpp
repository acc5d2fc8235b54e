// SPDX-License-Identifier: Apache-2.0
// One word for the whole difference, and the findings that scripts look for.
#pragma once

#include "upinspect/difference.hpp"

namespace upinspect::diff {

/// Of files that are not byte for byte the same.
[[nodiscard]] DiffVerdict judge(const Difference& difference);

/// A finding for each payload and each written field, and those that only the new side has.
void add_findings(Difference& difference);

/// How many of the lowest bits count as least significant ones: the lower half of the fraction, at most eight.
[[nodiscard]] unsigned low_bits_of(const std::string& dtype);

}  // namespace upinspect::diff
