// SPDX-License-Identifier: Apache-2.0
// What unpickling would do, in a sentence or two.
#pragma once

#include "report/facts.hpp"
#include "upinspect/artifact.hpp"

namespace upinspect::report {

/// The fact "pickle": the verdict, who earned it, and what torch.load(weights_only=True) says. "none" where the format
/// holds tensors without one. Verbose lists the globals.
void add_pickle(Facts& facts, const Artifact& artifact);

}  // namespace upinspect::report
