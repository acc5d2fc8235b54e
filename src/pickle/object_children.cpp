// SPDX-License-Identifier: Apache-2.0
#include "pickle/object_children.hpp"

#include "pickle/mapping.hpp"
#include "pickle/numpy_arrays.hpp"

namespace upinspect::pickle {

namespace {

bool is_sequence(const Graph& graph, NodeId id) {
  return graph.is(id, Kind::list) || graph.is(id, Kind::tuple) || graph.is(id, Kind::set) ||
         graph.is(id, Kind::frozenset);
}

bool is_sequence_class(const GlobalName& name) {
  return name.is("builtins", "list") || name.is("builtins", "tuple") || name.is("builtins", "set") ||
         name.is("builtins", "frozenset");
}

void add_sequence(std::span<const NodeId> items, std::vector<Child>& out) {
  for (const auto item : items) {
    out.push_back({k_no_node, item, false, false});
  }
}

void add_mapping(const Graph& graph, NodeId id, bool attribute, std::vector<Child>& out) {
  for (const auto& item : mapping_items(graph, id)) {
    out.push_back({item.key, item.value, item.repeated, attribute});
  }
}

void add_state(const Graph& graph, NodeId state, std::vector<Child>& out) {
  if (is_mapping(graph, state)) {
    add_mapping(graph, state, true, out);
    return;
  }
  const auto parts = graph.items(state);
  if (graph.is(state, Kind::tuple) && parts.size() == 2) {
    add_mapping(graph, parts[0], true, out);
    add_mapping(graph, parts[1], true, out);
  }
}

/// `copyreg._reconstructor(class, base, state)`, and a class with what its __new__ is given.
NodeId class_node(const Graph& graph, NodeId id) {
  const auto* call = graph.call(id);
  const auto* callee = graph.callee(id);
  const auto arguments = call == nullptr ? std::span<const NodeId>() : graph.items(call->arguments);
  const bool from_helper = callee != nullptr && callee->module == "copyreg" && !arguments.empty();
  return from_helper ? arguments[0] : call == nullptr ? k_no_node : call->callable;
}

}  // namespace

std::vector<Child> children_of(const Graph& graph, NodeId id) {
  std::vector<Child> out;
  if (is_sequence(graph, id)) {
    add_sequence(graph.items(id), out);
    return out;
  }
  add_mapping(graph, id, false, out);
  const auto* call = graph.call(id);
  const bool known = is_mapping(graph, id);
  if (call != nullptr && !known) {
    const auto arguments = graph.items(call->arguments);
    const auto* callee = graph.callee(id);
    if (callee != nullptr && is_sequence_class(*callee)) {
      add_sequence(arguments.empty() ? arguments : graph.items(arguments[0]), out);
    } else {
      add_sequence(arguments, out);
      add_mapping(graph, call->keywords, true, out);
    }
  }
  if (const auto* additions = graph.additions(id)) {
    if (!known) {
      for (std::size_t i = 0; i + 1 < additions->items.size(); i += 2) {
        out.push_back({additions->items[i], additions->items[i + 1], false, false});
      }
    }
    add_sequence(additions->appended, out);
    for (const auto state : additions->states) {
      add_state(graph, state, out);
    }
  }
  return out;
}

bool is_opaque_object(const Graph& graph, NodeId id) {
  const auto kind = graph.kind(id);
  const auto* callee = graph.callee(id);
  const bool container = is_mapping(graph, id) || is_sequence(graph, id) ||
                         (callee != nullptr && is_sequence_class(*callee));
  return !container && (kind == Kind::call || kind == Kind::global || kind == Kind::extension);
}

std::string class_of(const Graph& graph, NodeId id) {
  if (const auto* name = graph.global(id)) {
    return name->dotted();
  }
  if (graph.is(id, Kind::extension)) {
    return "extension " + std::to_string(graph.extension_code(id));
  }
  const auto made_by = class_node(graph, id);
  const auto* name = made_by == k_no_node ? nullptr : graph.global(made_by);
  return name == nullptr ? "object" : name->dotted();
}

}  // namespace upinspect::pickle
