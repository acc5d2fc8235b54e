// SPDX-License-Identifier: Apache-2.0
// The arguments are those of torch/_utils.py, torch/_tensor.py and, for the oldest files, torch/tensor.py of 0.1 to
// 0.3.
#include "pickle/torch_tensors.hpp"

#include "bytes/parse_error.hpp"
#include "pickle/node_reader.hpp"
#include "pickle/torch_dtypes.hpp"
#include "pickle/torch_rebuild.hpp"

#include <algorithm>
#include <array>

namespace upinspect::pickle {

namespace {

constexpr unsigned k_most_wrappers = 64;

/// What makes a tensor: a callable with its arguments, and what BUILD did afterwards.
struct Making {
  NodeId node = k_no_node;
  NodeId callable = k_no_node;
  NodeId arguments = k_no_node;
};

std::optional<Making> making_of(const Graph& graph, NodeId id) {
  const auto* call = graph.call(id);
  return call == nullptr ? std::nullopt : std::optional(Making{id, call->callable, call->arguments});
}

NodeId last_state(const Graph& graph, NodeId id) {
  const auto* additions = id == k_no_node ? nullptr : graph.additions(id);
  return additions == nullptr || additions->states.empty() ? k_no_node : additions->states.back();
}

bool is_parameter_class(const GlobalName& name) {
  return (name.module == "torch.nn.parameter" || name.module == "torch.nn") &&
         (name.name == "Parameter" || name.name == "Buffer");
}

bool is_variable_class(const GlobalName& name) {
  return name.name == "Variable" && (name.module == "torch.autograd.variable" || name.module == "torch.autograd");
}

bool is_legacy_tensor_class(const GlobalName& name) {
  const bool in_torch = name.module == "torch" || name.module == "torch.cuda" || name.module == "torch.sparse" ||
                        name.module == "torch.cuda.sparse";
  return in_torch && is_tensor_class(name.name);
}

/// The tensor in a wrapper; one that lives outside of the pickle has no making.
Making inner(const NodeReader& in, NodeId id, TensorRef& out) {
  if (in.graph().is(id, Kind::persistent) && !is_storage(in.graph(), id)) {
    out.outside = id;
    out.layout = TensorLayout::unknown;
    return {id, k_no_node, k_no_node};
  }
  const auto making = making_of(in.graph(), id);
  if (!making || !is_tensor(in.graph(), id)) {
    in.fail(id, "data", "must be a tensor, not " + in.graph().type_name(id));
  }
  return *making;
}

Making from_type(const NodeReader& in, std::span<const NodeId> arguments, TensorRef& out) {
  const auto* type = in.graph().global(arguments[1]);
  if (type != nullptr && is_parameter_class(*type)) {
    out.is_parameter = true;
  } else if (type != nullptr && !type->is("torch", "Tensor")) {
    out.subclass = type->dotted();
  }
  out.state = arguments[3];
  return {k_no_node, arguments[0], arguments[2]};
}

/// A Variable or a tensor that was written as (data, grad, hooks, requires_grad, volatile).
Making from_variable(const NodeReader& in, const Making& outer, TensorRef& out) {
  const auto state = last_state(in.graph(), outer.node);
  if (state == k_no_node) {
    return inner(in, in.sequence(outer.arguments, "arguments of the variable", 1)[0], out);
  }
  const auto items = in.sequence(state, "state of the variable", 4);
  out.requires_grad = in.truth(items[3], "requires_grad");
  return inner(in, items[0], out);
}

Making from_parameter(const NodeReader& in, const Making& outer, TensorRef& out) {
  out.is_parameter = true;
  const auto arguments = in.sequence(outer.arguments, "arguments of the parameter");
  if (arguments.empty()) {
    return from_variable(in, outer, out);
  }
  out.requires_grad = arguments.size() < 2 || in.truth(arguments[1], "requires_grad");
  return inner(in, arguments[0], out);
}

/// One wrapper taken off; nothing where `making` is no wrapper.
std::optional<Making> unwrapped(const NodeReader& in, const GlobalName& name, const Making& making, TensorRef& out) {
  const auto is_util = [&name](std::string_view function) { return name.is("torch._utils", function); };
  if (is_util("_rebuild_parameter") || is_util("_rebuild_parameter_with_state")) {
    const auto arguments = in.sequence(making.arguments, "arguments of the parameter", 2);
    out.is_parameter = true;
    out.requires_grad = in.truth(arguments[1], "requires_grad");
    out.state = arguments.size() > 3 ? arguments[3] : k_no_node;
    return inner(in, arguments[0], out);
  }
  if (is_util("_rebuild_device_tensor_from_cpu_tensor")) {
    return inner(in, in.sequence(making.arguments, "arguments of the device tensor", 1)[0], out);
  }
  if (name.name == "_rebuild_from_type_v2" || name.name == "_rebuild_from_type") {
    return from_type(in, in.sequence(making.arguments, "arguments of _rebuild_from_type", 4), out);
  }
  if (is_parameter_class(name)) {
    return from_parameter(in, making, out);
  }
  const auto state = last_state(in.graph(), making.node);
  const bool five = state != k_no_node && in.graph().items(state).size() == 5;
  if (is_variable_class(name) || (name.is("torch", "Tensor") && five)) {
    return from_variable(in, making, out);
  }
  return std::nullopt;
}

void read_into(const NodeReader& in, Making making, TensorRef& out) {
  for (unsigned depth = 0; depth < k_most_wrappers; ++depth) {
    if (out.outside != k_no_node) {
      return;
    }
    const auto& name = in.global(making.callable, "rebuild function");
    if (const auto next = unwrapped(in, name, making, out)) {
      making = *next;
      continue;
    }
    if (is_legacy_tensor_class(name)) {
      rebuild_from_state(in, last_state(in.graph(), making.node), out);
    } else if (const auto* rebuild = find_rebuild(name)) {
      (*rebuild)(in, in.sequence(making.arguments, name.name), out);
    } else {
      in.fail(making.callable, "rebuild function", name.dotted() + " is not one that is known");
    }
    return;
  }
  in.fail(making.arguments, "tensor", "is wrapped too often");
}

}  // namespace

bool is_tensor(const Graph& graph, NodeId id) {
  const auto* name = graph.callee(id);
  if (name == nullptr) {
    return false;
  }
  const bool wrapper = name->name == "_rebuild_from_type_v2" || name->name == "_rebuild_from_type";
  const bool typed = wrapper && (name->module == "torch._tensor" || name->module == "torch.tensor");
  const bool util = name->module == "torch._utils" &&
                    (name->name == "_rebuild_parameter" || name->name == "_rebuild_parameter_with_state" ||
                     name->name == "_rebuild_device_tensor_from_cpu_tensor");
  return typed || util || find_rebuild(*name) != nullptr || is_parameter_class(*name) || is_variable_class(*name) ||
         is_legacy_tensor_class(*name);
}

TensorRef read_tensor(const Graph& graph, NodeId id) {
  TensorRef out;
  out.node = id;
  out.offset = graph.offset(id);
  try {
    read_into(NodeReader(graph), *making_of(graph, id), out);
  } catch (const bytes::ParseError& error) {
    out.problem = error.field() + " " + error.why();
    out.problem_offset = error.offset();
  }
  return out;
}

std::string_view name_of(TensorLayout layout) noexcept {
  constexpr std::array<std::string_view, 11> k_layout_names{"strided",    "sparse_coo", "sparse_csr", "sparse_csc",
                                                     "sparse_bsr", "sparse_bsc", "nested",     "meta",
                                                     "wrapper",    "from_numpy", "unknown"};
  return k_layout_names[static_cast<std::size_t>(layout)];
}

}  // namespace upinspect::pickle
