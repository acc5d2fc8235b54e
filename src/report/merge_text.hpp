// SPDX-License-Identifier: Apache-2.0
// What a merge did, for people.
#pragma once

#include "convert/merged.hpp"
#include "report/text_style.hpp"

#include <string>

namespace upinspect::report {

/// Heading and facts; where the style is verbose, a line for each tensor that changed. One line where it is quiet.
[[nodiscard]] std::string merge_text(const convert::Merged& done, const TextStyle& style);

}  // namespace upinspect::report
