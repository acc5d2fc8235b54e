// SPDX-License-Identifier: Apache-2.0
// Findings for people: how bad, what, where, what to do.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/artifact.hpp"

#include <string>
#include <vector>

namespace upinspect::report {

[[nodiscard]] Tone tone_of(Severity severity) noexcept;

/// "2 errors, 1 warning"; notes are counted too. Empty where there is none.
[[nodiscard]] std::string count_findings(const std::vector<Finding>& findings);

/// The worst first, otherwise in the order given. Of one id only the first few are shown unless verbose; an advice is
/// given once per id. "no findings" where there is none.
[[nodiscard]] std::string findings_text(const std::vector<Finding>& findings, const TextStyle& style);

}  // namespace upinspect::report
