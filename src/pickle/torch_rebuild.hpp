// SPDX-License-Identifier: Apache-2.0
// The rebuild functions of torch that take a tensor's parts, as a table of what their arguments mean.
#pragma once

#include "pickle/node_reader.hpp"
#include "pickle/torch_tensors.hpp"

#include <span>

namespace upinspect::pickle {

/// Fills a tensor from the arguments. Throws bytes::ParseError where they are malformed.
using Rebuild = void (*)(const NodeReader& in, std::span<const NodeId> arguments, TensorRef& out);

/// The meaning of a function's arguments; nullptr where it is not in the table.
[[nodiscard]] const Rebuild* find_rebuild(const GlobalName& name) noexcept;

/// The state of the oldest tensors: (storage, offset, size, stride).
void rebuild_from_state(const NodeReader& in, NodeId state, TensorRef& out);

}  // namespace upinspect::pickle
