// SPDX-License-Identifier: Apache-2.0
// Mappings as Python would end up with them: OrderedDict and its like beside dict, the last of repeated keys winning.
#pragma once

#include "pickle/graph.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace upinspect::pickle {

struct Item {
  NodeId key = k_no_node;
  NodeId value = k_no_node;
  bool repeated = false;  ///< the key came more than once
};

/// True for dict, and for calls of OrderedDict, defaultdict, Counter and dict.
[[nodiscard]] bool is_mapping(const Graph& graph, NodeId id);

/// The items in order of their keys' first appearance; empty where the node is no mapping. Equal keys of more than
/// 256 bytes are told to be equal only where they are one object.
[[nodiscard]] std::vector<Item> mapping_items(const Graph& graph, NodeId id);

/// The value under a text key; k_no_node where there is none or the node is no mapping.
[[nodiscard]] NodeId find_item(const Graph& graph, NodeId mapping, std::string_view key);

/// A key as a part of a name: texts as they stand, numbers in digits, tuples as Python prints them.
[[nodiscard]] std::string key_text(const Graph& graph, NodeId key);

}  // namespace upinspect::pickle
