// SPDX-License-Identifier: Apache-2.0
// Nodes that say something about the file rather than hold tensors, as metadata values.
#pragma once

#include "pickle/graph.hpp"
#include "upinspect/value.hpp"

#include <optional>

namespace upinspect::pickle {

/// None, booleans, numbers and texts, numpy scalars, torch.device, torch.Size, dtypes (by name), complex numbers, and
/// lists, tuples and sets that hold nothing but plain scalars. Nothing for what needs walking or is opaque; big
/// integers become their text.
[[nodiscard]] std::optional<Value> plain_value(const Graph& graph, NodeId id);

}  // namespace upinspect::pickle
