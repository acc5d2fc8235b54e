// SPDX-License-Identifier: Apache-2.0
// What a container or an object of a pickle holds, one level down.
#pragma once

#include "pickle/graph.hpp"

#include <string>
#include <vector>

namespace upinspect::pickle {

struct Child {
  NodeId key = k_no_node;  ///< absent for sequences
  NodeId value = k_no_node;
  bool repeated = false;   ///< the key came more than once; this is the last value
  bool attribute = false;
};

/// Items of mappings and sequences, then attributes, which BUILD gave as a dict or a pair of dicts.
[[nodiscard]] std::vector<Child> children_of(const Graph& graph, NodeId id);

/// True for objects that are neither scalars nor containers that are known here.
[[nodiscard]] bool is_opaque_object(const Graph& graph, NodeId id);

/// The name of an object's class or of the function that made it.
[[nodiscard]] std::string class_of(const Graph& graph, NodeId id);

}  // namespace upinspect::pickle
