// SPDX-License-Identifier: Apache-2.0
// An adapter held against a base, as a block of facts.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/artifact.hpp"

#include <string>

namespace upinspect::report {

/// How many modules find their weight, and those that do not; verbose, every module with its weight. Empty where the
/// artifact was held against no base.
[[nodiscard]] std::string base_fit_text(const Artifact& artifact, const TextStyle& style);

}  // namespace upinspect::report
