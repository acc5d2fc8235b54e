// SPDX-License-Identifier: Apache-2.0
// What findings mean, as the Markdown pages of docs/checks.
#pragma once

#include "report/explanations.hpp"

#include <span>
#include <string>

namespace upinspect::report {

/// The page docs/checks/<id>.md.
[[nodiscard]] std::string explain_markdown(const ExplainedFinding& row);

/// The page docs/checks/README.md, which leads to all others.
[[nodiscard]] std::string explain_index_markdown(std::span<const ExplainedFinding> rows);

}  // namespace upinspect::report
