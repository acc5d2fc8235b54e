// SPDX-License-Identifier: Apache-2.0
// Says what an artifact's tensors mean as an adapter.
#pragma once

#include "inspect/origins.hpp"
#include "model/builder.hpp"
#include "upinspect/inspect.hpp"

#include <optional>
#include <string>

namespace upinspect::inspecting {

/// Reads the adapter, where the tensors are one, and judges it. `config` is what adapter_config.json holds, or null.
/// Alphas that were not measured are read where the options allow a tensor byte to be read; the adapter's digest is
/// computed where they ask for tensors' SHA-256.
void read_adapter(Artifact& artifact, const Origins& origins, const InspectOptions& options, const Value* config);

/// The value of a tensor of one element in `artifact`, read again where the data pass did not come by and the options
/// allow it.
[[nodiscard]] std::optional<double> scalar_value(const Artifact& artifact, const Origins& origins, const Tensor& tensor,
                                                 const InspectOptions& options);

/// What the adapter_config.json in the folder of the builder's file holds; nothing where there is none that can be read. A
/// link that leaves the folder is not followed, and told.
[[nodiscard]] std::optional<Value> config_beside(model::Builder& builder);

}  // namespace upinspect::inspecting
