// SPDX-License-Identifier: Apache-2.0
// What findings mean, as schema upinspect.explain/1.
#pragma once

#include "report/explanations.hpp"
#include "report/json_writer.hpp"

#include <span>
#include <string_view>

namespace upinspect::report {

/// A whole document with its line end.
void write_explained_findings(JsonWriter& out, std::span<const ExplainedFinding> rows, std::string_view version);

}  // namespace upinspect::report
