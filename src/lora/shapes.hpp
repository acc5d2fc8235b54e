// SPDX-License-Identifier: Apache-2.0
// What the shapes of a module's parts say: method, rank, features, kernel, and where they contradict each other.
#pragma once

#include "lora/drafts.hpp"
#include "upinspect/artifact.hpp"

#include <vector>

namespace upinspect::lora {

/// Fills in everything of `module` that keys and shapes tell. `config` is the adapter's configuration or null: old PEFT
/// and loralib name their fused layers there. Contradictions become findings and leave the figure unset.
void read_shapes(const Draft& draft, const Value* config, AdapterModule& module, std::vector<Finding>& findings);

}  // namespace upinspect::lora
