// SPDX-License-Identifier: Apache-2.0
// Rules that look at an adapter held against a base model.
#pragma once

#include "upinspect/artifact.hpp"

namespace upinspect::analysis {

/// lora.base-missing, lora.base-shape, lora.base-ambiguous, lora.base-ignored; lora.base-no-adapter where the artifact was
/// held against nothing because it is none.
void judge_base_fit(Artifact& artifact);

}  // namespace upinspect::analysis
