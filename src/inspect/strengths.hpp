// SPDX-License-Identifier: Apache-2.0
// Measures how strongly an adapter's modules act.
#pragma once

#include "inspect/origins.hpp"
#include "upinspect/inspect.hpp"

#include <set>
#include <string>

namespace upinspect::inspecting {

/// Fills in AdapterModule::strength of the modules whose parts have all been measured, on as many threads as the options
/// say, and gives the names of the down halves that hold what initialisation drew. Reads those parts once more. Throws
/// Stopped.
[[nodiscard]] std::set<std::string> measure_strengths(Artifact& artifact, const Origins& origins, const InspectOptions& options);

}  // namespace upinspect::inspecting
