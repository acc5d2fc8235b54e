// SPDX-License-Identifier: Apache-2.0
// What a conversion did, for people.
#pragma once

#include "convert/conversion.hpp"
#include "report/text_style.hpp"

#include <string>

namespace upinspect::report {

/// Heading, facts, the proof, and where the style is verbose the names before and after. One line where it is quiet.
[[nodiscard]] std::string convert_text(const convert::Conversion& done, const TextStyle& style);

}  // namespace upinspect::report
