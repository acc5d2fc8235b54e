// SPDX-License-Identifier: Apache-2.0
// The answer of `upinspect diff` for people.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/difference.hpp"

#include <string>

namespace upinspect::report {

/// What happened in one sentence, then what changed, where, why, and what it says. One line where the style is quiet.
[[nodiscard]] std::string diff_text(const Difference& difference, const TextStyle& style);

/// The block of one changed tensor: figures, bits, places, kind.
[[nodiscard]] std::string change_text(const TensorChange& change, const TextStyle& style);

/// The block of one payload, with its text or the front of its bytes.
[[nodiscard]] std::string payload_text(const Payload& payload, const TextStyle& style);

}  // namespace upinspect::report
