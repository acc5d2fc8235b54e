// SPDX-License-Identifier: Apache-2.0
// Gives halves that have no shape theirs.
#pragma once

#include "inspect/triad_part.hpp"
#include "model/builder.hpp"

namespace upinspect::inspecting {

/// Up becomes out x rank, down rank x in, where either (one can be null) is a line of numbers; the rank is that of
/// `--shape`, of the other half, of the configuration (null: none), or a guess. Findings go to the builder.
void settle_shape(TriadPart* up, TriadPart* down, const Value* config, model::Builder& builder);

}  // namespace upinspect::inspecting
