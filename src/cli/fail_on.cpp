// SPDX-License-Identifier: Apache-2.0
#include "cli/fail_on.hpp"

#include <algorithm>

namespace upinspect::cli {

std::optional<Severity> severity_named(std::string_view word) noexcept {
  if (word == "note") {
    return Severity::note;
  }
  if (word == "warning") {
    return Severity::warning;
  }
  return word == "error" ? std::optional(Severity::error) : std::nullopt;
}

bool any_as_bad(const std::vector<Finding>& findings, std::string_view word) noexcept {
  const auto least = severity_named(word);
  return least && std::any_of(findings.begin(), findings.end(), [least](const Finding& finding) { return finding.severity >= *least; });
}

}  // namespace upinspect::cli
