// SPDX-License-Identifier: Apache-2.0
// The modules of an adapter as a table: their halves, their scales, and how strongly they act.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/artifact.hpp"

#include <string>

namespace upinspect::report {

/// A row for each module, a long list shortened unless verbose. Empty where the artifact is no adapter.
[[nodiscard]] std::string module_table(const Artifact& artifact, const TextStyle& style);

}  // namespace upinspect::report
