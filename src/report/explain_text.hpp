// SPDX-License-Identifier: Apache-2.0
// What findings mean, as text for a terminal.
#pragma once

#include "report/explanations.hpp"
#include "report/text_style.hpp"

#include <span>
#include <string>

namespace upinspect::report {

/// One finding: its title, and what it means, why it matters, what to do.
[[nodiscard]] std::string explain_text(const ExplainedFinding& row, const TextStyle& style);

/// The list: an id and its title on a line.
[[nodiscard]] std::string explain_list_text(std::span<const ExplainedFinding> rows, const TextStyle& style);

}  // namespace upinspect::report
