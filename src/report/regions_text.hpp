// SPDX-License-Identifier: Apache-2.0
// The coverage map as a list.
#pragma once

#include "report/text_style.hpp"
#include "upinspect/artifact.hpp"

#include <string>

namespace upinspect::report {

/// Verbose: every region but tensors, which have a table. Otherwise the gaps, the first few of them: bytes that nothing
/// claims are evidence. Nothing where there is nothing to list.
[[nodiscard]] std::string regions_text(const Coverage& coverage, const TextStyle& style);

}  // namespace upinspect::report
