// SPDX-License-Identifier: Apache-2.0
#include "pickle/numpy_arrays.hpp"

#include "bytes/checked.hpp"
#include "pickle/node_reader.hpp"

#include <fmt/format.h>

namespace upinspect::pickle {

namespace {

enum class ArrayMaking { none, reconstruct, masked, scalar, from_buffer };

bool in_numpy_core(std::string_view module, std::string_view part) {
  constexpr std::string_view k_roots[] = {"numpy.core.", "numpy._core."};
  for (const auto root : k_roots) {
    if (module.starts_with(root) && module.substr(root.size()) == part) {
      return true;
    }
  }
  return false;
}

ArrayMaking array_making(const Graph& graph, NodeId id) {
  const auto* name = graph.callee(id);
  if (name == nullptr) {
    return ArrayMaking::none;
  }
  if (in_numpy_core(name->module, "multiarray")) {
    return name->name == "_reconstruct" ? ArrayMaking::reconstruct : name->name == "scalar" ? ArrayMaking::scalar : ArrayMaking::none;
  }
  if (in_numpy_core(name->module, "numeric") && name->name == "_frombuffer") {
    return ArrayMaking::from_buffer;
  }
  const bool masked = (name->module == "numpy.ma.core" || name->module == "numpy.ma") && name->name == "_mareconstruct";
  return masked ? ArrayMaking::masked : ArrayMaking::none;
}

void take_shape(const NodeReader& in, NodeId id, NumpyRef& out) {
  for (const auto dimension : in.dimensions(id, "shape")) {
    if (dimension < 0) {
      in.fail(id, "shape", fmt::format("has the negative dimension {}", dimension));
    }
    out.shape.push_back(static_cast<std::uint64_t>(dimension));
  }
}

void take_data(const NodeReader& in, NodeId id, NumpyRef& out) {
  // Structured elements with a field of objects come one by one, too.
  if (out.dtype.objects || (out.dtype.structured && in.graph().is(id, Kind::list))) {
    return;
  }
  out.data = find_bytes(in.graph(), id);
  if (!out.data) {
    in.fail(id, "data", "must be bytes, not " + in.graph().type_name(id));
  }
}

/// Known only where the bytes are stored as they are: an encoded text has more bytes than its array.
void check_size(const NodeReader& in, const NumpyRef& out) {
  const auto elements = bytes::checked_product(out.shape);
  const auto wanted = elements ? bytes::checked_mul(*elements, out.dtype.item_bytes) : std::nullopt;
  if (!wanted) {
    in.fail(out.node, "shape", "has more bytes than 2^64");
  }
  if (!out.data) {
    return;
  }
  auto present = out.data->range.length;
  if (out.data->form != BytesForm::plain) {
    const auto kept = kept_bytes(in.graph(), *out.data);
    present = kept ? kept->size() : *wanted;
  }
  if (present != *wanted) {
    in.fail(out.data->node, "data", fmt::format("has {} bytes, the shape needs {}", present, *wanted));
  }
}

NodeId state_of(const NodeReader& in, NodeId id) {
  const auto* additions = in.graph().additions(id);
  if (additions == nullptr || additions->states.empty()) {
    in.fail(id, "array", "has no state");
  }
  return additions->states.back();
}

/// The state is (version, shape, dtype, fortran order, data); the oldest came without the version.
void take_state(const NodeReader& in, NumpyRef& out) {
  auto state = in.sequence(state_of(in, out.node), "state of the array", 4);
  if (state.size() == 4) {
    state = std::span(state.data(), 4);
  } else {
    state = state.subspan(1);
  }
  take_shape(in, state[0], out);
  out.dtype = read_numpy_dtype(in.graph(), state[1]);
  out.fortran = in.truth(state[2], "order of the elements");
  take_data(in, state[3], out);
  if (out.masked && state.size() > 4) {
    out.mask = find_bytes(in.graph(), state[4]);
  }
}

void take_scalar(const NodeReader& in, std::span<const NodeId> arguments, NumpyRef& out) {
  out.scalar = true;
  out.dtype = read_numpy_dtype(in.graph(), arguments[0]);
  if (arguments.size() > 1) {
    take_data(in, arguments[1], out);
  }
}

void take_buffer(const NodeReader& in, std::span<const NodeId> arguments, NumpyRef& out) {
  if (arguments.size() < 4) {
    in.fail(out.node, "arguments of _frombuffer", fmt::format("are {}, 4 are needed", arguments.size()));
  }
  out.dtype = read_numpy_dtype(in.graph(), arguments[1]);
  take_shape(in, arguments[2], out);
  out.fortran = in.text(arguments[3], "order of the elements") == "F";
  take_data(in, arguments[0], out);
}

void read_into(const Graph& graph, NumpyRef& out) {
  const NodeReader in(graph);
  const auto arguments = in.sequence(graph.call(out.node)->arguments, "arguments of the array", 1);
  const auto making = array_making(graph, out.node);
  out.masked = making == ArrayMaking::masked;
  if (making == ArrayMaking::scalar) {
    take_scalar(in, arguments, out);
  } else if (making == ArrayMaking::from_buffer) {
    take_buffer(in, arguments, out);
  } else {
    take_state(in, out);
  }
  check_size(in, out);
}

}  // namespace

bool is_numpy(const Graph& graph, NodeId id) { return array_making(graph, id) != ArrayMaking::none; }

NumpyRef read_numpy(const Graph& graph, NodeId id) {
  NumpyRef out;
  out.node = id;
  out.offset = graph.offset(id);
  try {
    read_into(graph, out);
  } catch (const bytes::ParseError& error) {
    out.problem = error.field() + " " + error.why();
    out.problem_offset = error.offset();
  }
  return out;
}

}  // namespace upinspect::pickle
