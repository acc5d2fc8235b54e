// SPDX-License-Identifier: Apache-2.0
// lora.initial-down: down halves that hold what initialisation drew, although their up halves were trained.
#pragma once

#include "upinspect/artifact.hpp"

#include <set>
#include <string>

namespace upinspect::analysis {

/// `drawn` names the tensors that were found so when they were read. Where the up half is zero, lora.untrained says more.
void judge_initial_down(Artifact& artifact, const std::set<std::string>& drawn);

}  // namespace upinspect::analysis
