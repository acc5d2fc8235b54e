// SPDX-License-Identifier: Apache-2.0
// The answer of `upinspect lsb` for people.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/low_bits.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace upinspect::report {

/// "message": content was found; "suspicious": bits that honest weights do not show; "nothing-found"; "nothing-searched".
[[nodiscard]] std::string_view low_bits_verdict(const LowBits& result);

/// What a search of this file cannot see, one sentence each.
[[nodiscard]] std::vector<std::string> limits_in_words(const LowBits& result);

/// The answer in one sentence, then messages, planes, what explains them, what stays unseen. One line where the style is quiet.
[[nodiscard]] std::string low_bits_text(const LowBits& result, const TextStyle& style);

}  // namespace upinspect::report
