// SPDX-License-Identifier: Apache-2.0
// --fail-on: from which severity on findings make the exit code 1.
#pragma once

#include "upinspect/artifact.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace upinspect::cli {

/// What note, warning and error stand for; nothing for every other word.
[[nodiscard]] std::optional<Severity> severity_named(std::string_view word) noexcept;

/// True where one of the findings is as bad as the word says.
[[nodiscard]] bool any_as_bad(const std::vector<Finding>& findings, std::string_view word) noexcept;

}  // namespace upinspect::cli
