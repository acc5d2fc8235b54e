// SPDX-License-Identifier: Apache-2.0
#include "pickle/torch_rebuild.hpp"

#include "pickle/mapping.hpp"
#include "pickle/torch_dtypes.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace upinspect::pickle {

namespace {

using Nodes = std::span<const NodeId>;

void need(const NodeReader& in, Nodes arguments, std::size_t least, const TensorRef& out) {
  if (arguments.size() < least) {
    in.fail(out.node, "arguments of the tensor",
            fmt::format("are {}, at least {} are needed", arguments.size(), least));
  }
}

void set_dtype(const TorchDtype& dtype, TensorRef& out) {
  out.dtype = dtype.dtype;
  out.dtype_name = dtype.shown_name();
  out.element_bytes = dtype.bytes;
}

void take_dtype(const NodeReader& in, NodeId id, TensorRef& out) {
  const auto& name = in.global(id, "dtype");
  const auto* known = name.module == "torch" ? torch_dtype(name.name) : nullptr;
  if (known == nullptr) {
    in.fail(id, "dtype", fmt::format("{} is none of torch's", name.dotted()));
  }
  set_dtype(*known, out);
}

/// torch leaves the check to set_(): what it would refuse is told here.
void check_view(const NodeReader& in, TensorRef& out) {
  const auto& storage = *out.storage;
  if (storage.nested || out.element_bytes == 0) {
    return;
  }
  // Two or four values share a byte in these, and torch counts values.
  const auto packed = out.dtype == Dtype::quint4x2 ? 2U : out.dtype == Dtype::quint2x4 ? 4U : 1U;
  const auto elements = storage.view ? static_cast<std::uint64_t>(std::max<std::int64_t>(storage.view->elements, 0))
                                     : storage.elements;
  const auto room = storage.untyped ? elements / out.element_bytes : elements;
  const auto why = view_problem(out, packed == 1 || room > ~std::uint64_t{0} / packed ? room : room * packed);
  if (!why.empty()) {
    in.fail(out.node, "view", why);
  }
}

/// The first four arguments of every function that takes a storage.
void take_view(const NodeReader& in, Nodes arguments, TensorRef& out) {
  need(in, arguments, 4, out);
  out.storage = read_storage(in.graph(), arguments[0]);
  if (out.dtype_name.empty()) {
    out.dtype = out.storage->dtype;
    out.dtype_name = out.storage->dtype_name;
    out.element_bytes = out.storage->element_bytes;
  }
  out.storage_offset = in.integer(arguments[1], "storage offset");
  out.size = in.dimensions(arguments[2], "size");
  out.stride = in.dimensions(arguments[3], "stride");
}

bool flag(const NodeReader& in, NodeId metadata, std::string_view key) {
  constexpr std::size_t k_most_items = 64;  // one large dict may be shared by many tensors
  const bool small = in.graph().items(metadata).size() <= k_most_items;
  const auto value = small && in.graph().is(metadata, Kind::dict) ? find_item(in.graph(), metadata, key) : k_no_node;
  return value != k_no_node && in.graph().integer(value).value_or(0) != 0;
}

void take_metadata(const NodeReader& in, Nodes arguments, std::size_t index, TensorRef& out) {
  if (arguments.size() > index) {
    out.conjugate = flag(in, arguments[index], "conj");
    out.negative = flag(in, arguments[index], "neg");
  }
}

void tensor_v1(const NodeReader& in, Nodes arguments, TensorRef& out) {
  take_view(in, arguments, out);
  check_view(in, out);
}

void tensor_v2(const NodeReader& in, Nodes arguments, TensorRef& out) {
  take_view(in, arguments, out);
  need(in, arguments, 5, out);
  out.requires_grad = out.requires_grad || in.truth(arguments[4], "requires_grad");
  take_metadata(in, arguments, 6, out);
  check_view(in, out);
}

void tensor_v3(const NodeReader& in, Nodes arguments, TensorRef& out) {
  need(in, arguments, 7, out);
  take_dtype(in, arguments[6], out);
  take_view(in, arguments, out);
  out.requires_grad = out.requires_grad || in.truth(arguments[4], "requires_grad");
  take_metadata(in, arguments, 7, out);
  check_view(in, out);
}

/// A part of a sparse, nested or quantised tensor; such parts have no parts themselves.
void add_component(const NodeReader& in, std::string_view role, NodeId id, TensorRef& out) {
  if (!is_tensor(in.graph(), id)) {
    in.fail(id, role, "must be a tensor, not " + in.graph().type_name(id));
  }
  const auto* callee = in.graph().callee(id);
  const bool plain = callee->module == "torch._utils" && callee->name.starts_with("_rebuild_tensor");
  if (!plain) {
    in.fail(id, role, fmt::format("must be a plain tensor, not {}", callee->dotted()));
  }
  auto part = read_tensor(in.graph(), id);
  if (!part.problem.empty() && out.problem.empty()) {
    out.problem = fmt::format("{}: {}", role, part.problem);
    out.problem_offset = part.problem_offset;
  }
  out.components.push_back({std::string(role), std::move(part)});
}

void take_quantiser(const NodeReader& in, NodeId id, TensorRef& out) {
  const auto items = in.sequence(id, "quantiser", 3);
  Quantiser quantiser;
  quantiser.scheme = in.global(items[0], "scheme of the quantiser").name;
  if (quantiser.scheme.starts_with("per_channel")) {
    quantiser.scales = items[1];
    quantiser.zero_points = items[2];
    quantiser.axis = in.integer(in.sequence(id, "quantiser", 4)[3], "axis of the quantiser");
    if (is_tensor(in.graph(), items[1]) && is_tensor(in.graph(), items[2])) {
      add_component(in, "scales", items[1], out);
      add_component(in, "zero_points", items[2], out);
    }
  } else {
    quantiser.scale = in.real(items[1], "scale");
    quantiser.zero_point = in.integer(items[2], "zero point");
  }
  out.quantiser = std::move(quantiser);
}

void quantised(const NodeReader& in, Nodes arguments, TensorRef& out) {
  need(in, arguments, 6, out);
  take_view(in, arguments, out);
  take_quantiser(in, arguments[4], out);
  out.requires_grad = in.truth(arguments[5], "requires_grad");
  check_view(in, out);
}

TensorLayout layout_named(std::string_view name) {
  for (auto i = static_cast<unsigned>(TensorLayout::strided); i <= static_cast<unsigned>(TensorLayout::sparse_bsc);
       ++i) {
    if (name == name_of(static_cast<TensorLayout>(i))) {
      return static_cast<TensorLayout>(i);
    }
  }
  return TensorLayout::unknown;
}

TensorLayout take_layout(const NodeReader& in, NodeId id) {
  std::string name;
  if (const auto* global = in.graph().global(id)) {
    name = global->dotted();
  } else if (const auto* callee = in.graph().callee(id); callee != nullptr && callee->name == "_get_layout") {
    name = in.text(in.sequence(in.graph().call(id)->arguments, "layout", 1)[0], "layout");
  }
  const auto layout = layout_named(std::string_view(name).substr(name.rfind('.') + 1));
  if (layout == TensorLayout::unknown) {
    in.fail(id, "layout", name.empty() ? "must be a name" : name + " is not known");
  }
  return layout;
}

void take_dtype_of(std::string_view role, TensorRef& out) {
  for (const auto& part : out.components) {
    if (part.role == role) {
      out.dtype = part.tensor.dtype;
      out.dtype_name = part.tensor.dtype_name;
      out.element_bytes = part.tensor.element_bytes;
    }
  }
}

void sparse(const NodeReader& in, Nodes arguments, TensorRef& out) {
  need(in, arguments, 2, out);
  out.layout = take_layout(in, arguments[0]);
  const bool coordinates = out.layout == TensorLayout::sparse_coo;
  const auto data = in.sequence(arguments[1], "parts of the sparse tensor", coordinates ? 3 : 4);
  if (coordinates) {
    out.size = in.dimensions(data[2], "size");
    add_component(in, "indices", data[0], out);
    add_component(in, "values", data[1], out);
  } else {
    out.size = in.dimensions(data[3], "size");
    add_component(in, "compressed_indices", data[0], out);
    add_component(in, "plain_indices", data[1], out);
    add_component(in, "values", data[2], out);
  }
  take_dtype_of("values", out);
}

void nested(const NodeReader& in, Nodes arguments, TensorRef& out) {
  need(in, arguments, 4, out);
  out.layout = TensorLayout::nested;
  add_component(in, "buffer", arguments[0], out);
  add_component(in, "sizes", arguments[1], out);
  add_component(in, "strides", arguments[2], out);
  add_component(in, "offsets", arguments[3], out);
  take_dtype_of("buffer", out);
}

void meta(const NodeReader& in, Nodes arguments, TensorRef& out) {
  need(in, arguments, 4, out);
  out.layout = TensorLayout::meta;
  take_dtype(in, arguments[0], out);
  out.size = in.dimensions(arguments[1], "size");
  out.stride = in.dimensions(arguments[2], "stride");
  out.requires_grad = in.truth(arguments[3], "requires_grad");
}

void wrapper_subclass(const NodeReader& in, Nodes arguments, TensorRef& out) {
  need(in, arguments, 8, out);
  out.layout = TensorLayout::wrapper;
  out.subclass = in.global(arguments[0], "subclass").dotted();
  take_dtype(in, arguments[1], out);
  out.size = in.dimensions(arguments[2], "size");
  out.stride = in.dimensions(arguments[3], "stride");
  out.storage_offset = in.integer(arguments[4], "storage offset");
  out.requires_grad = in.truth(arguments[7], "requires_grad");
}

void from_numpy(const NodeReader& in, Nodes arguments, TensorRef& out) {
  need(in, arguments, 4, out);
  out.layout = TensorLayout::from_numpy;
  out.array = arguments[0];
  take_dtype(in, arguments[1], out);
  out.requires_grad = in.truth(arguments[3], "requires_grad");
}

struct Row {
  std::string_view name;
  Rebuild rebuild;
};

/// Functions of torch._utils.
constexpr Row k_rows[] = {
    {"_rebuild_tensor", tensor_v1},
    {"_rebuild_tensor_v2", tensor_v2},
    {"_rebuild_tensor_v3", tensor_v3},
    {"_rebuild_qtensor", quantised},
    {"_rebuild_sparse_tensor", sparse},
    {"_rebuild_sparse_csr_tensor", sparse},
    {"_rebuild_nested_tensor", nested},
    {"_rebuild_meta_tensor_no_storage", meta},
    {"_rebuild_wrapper_subclass", wrapper_subclass},
    {"_rebuild_device_tensor_from_numpy", from_numpy},
    {"_rebuild_xla_tensor", from_numpy},
    {"_rebuild_mlc_tensor", from_numpy},
};

}  // namespace

const Rebuild* find_rebuild(const GlobalName& name) noexcept {
  if (name.module != "torch._utils") {
    return nullptr;
  }
  const auto* const found =
      std::find_if(std::begin(k_rows), std::end(k_rows), [&name](const Row& row) { return row.name == name.name; });
  return found == std::end(k_rows) ? nullptr : &found->rebuild;
}

void rebuild_from_state(const NodeReader& in, NodeId state, TensorRef& out) {
  const auto items = in.sequence(state, "state of the tensor", 4);
  tensor_v1(in, items, out);
}

}  // namespace upinspect::pickle
