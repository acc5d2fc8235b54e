// SPDX-License-Identifier: Apache-2.0
// The adapter digest: the identity of an adapter's parts and scales, whoever spelled their names.
#pragma once

#include "inspect/origins.hpp"
#include "upinspect/inspect.hpp"

#include <optional>
#include <string>

namespace upinspect::inspecting {

/// SHA-256 over lines of canonical names (docs/digests.md). Nothing where the artifact is no adapter, or a tensor's own
/// SHA-256 is missing. Halves that are stored the other way round are read again and turned.
[[nodiscard]] std::optional<std::string> adapter_digest(const Artifact& artifact, const Origins& origins,
                                                        const InspectOptions& options);

}  // namespace upinspect::inspecting
