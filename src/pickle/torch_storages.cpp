// SPDX-License-Identifier: Apache-2.0
#include "bytes/checked.hpp"
#include "pickle/node_reader.hpp"
#include "pickle/torch_dtypes.hpp"
#include "pickle/torch_tensors.hpp"

#include <fmt/format.h>
#include <limits>

namespace upinspect::pickle {

namespace {

constexpr std::uint64_t k_most = std::numeric_limits<std::uint64_t>::max();

void set_class(const NodeReader& in, NodeId id, StorageRef& out) {
  const auto& name = in.global(id, "storage class");
  out.class_name = name.dotted();
  out.untyped = is_untyped_storage(name.name);
  const auto* known = out.untyped ? torch_dtype("uint8") : dtype_of_storage(name.name);
  if (known == nullptr) {
    in.fail(id, "storage class", fmt::format("{} is none of torch's", out.class_name));
  }
  out.dtype = known->dtype;
  out.dtype_name = known->shown_name();
  out.element_bytes = known->bytes;
}

std::uint64_t count(const NodeReader& in, NodeId id, std::string_view what) {
  const auto value = in.integer(id, what);
  if (value < 0) {
    in.fail(id, what, fmt::format("is negative: {}", value));
  }
  return static_cast<std::uint64_t>(value);
}

StorageView read_view(const NodeReader& in, NodeId id) {
  const auto items = in.sequence(id, "storage view", 3);
  StorageView view;
  view.key = in.text(items[0], "key of the storage view");
  view.offset = in.integer(items[1], "offset of the storage view");
  view.elements = in.integer(items[2], "size of the storage view");
  return view;
}

/// Keys are texts, but the oldest streams have integers.
std::string key_text(const NodeReader& in, NodeId id) {
  const auto number = in.graph().integer(id);
  return number ? std::to_string(*number) : in.text(id, "storage key");
}

StorageRef from_identifier(const NodeReader& in, NodeId id, StorageRef out) {
  const auto items = in.sequence(in.graph().referent(id), "persistent id", 5);
  const auto kind = in.text(items[0], "kind of the persistent id");
  if (kind != "storage") {
    in.fail(items[0], "persistent id", fmt::format("is a '{}' where a storage was expected", kind));
  }
  set_class(in, items[1], out);
  out.key = key_text(in, items[2]);
  out.location = in.text(items[3], "storage location");
  out.elements = count(in, items[4], "number of elements");
  out.bytes = bytes::checked_mul(out.elements, out.element_bytes).value_or(k_most);
  if (items.size() > 5 && !in.graph().is(items[5], Kind::none)) {
    out.view = read_view(in, items[5]);
  }
  return out;
}

}  // namespace

bool is_storage(const Graph& graph, NodeId id) {
  const auto items = graph.is(id, Kind::persistent) ? graph.items(graph.referent(id)) : std::span<const NodeId>();
  return !items.empty() && graph.text(items[0]) == "storage";
}

StorageRef read_storage(const Graph& graph, NodeId id) {
  const NodeReader in(graph);
  StorageRef out;
  out.node = id;
  out.offset = graph.offset(id);
  if (graph.is(id, Kind::persistent)) {
    return from_identifier(in, id, std::move(out));
  }
  const auto* callee = graph.callee(id);
  if (callee == nullptr || !callee->is("torch.storage", "_load_from_bytes")) {
    in.fail(id, "storage", "must be a persistent id, not " + graph.type_name(id));
  }
  out.class_name = callee->dotted();
  out.nested = find_bytes(graph, in.sequence(graph.call(id)->arguments, "arguments of _load_from_bytes", 1)[0]);
  if (!out.nested) {
    in.fail(id, "argument of _load_from_bytes", "must be bytes");
  }
  return out;
}

std::string view_problem(const TensorRef& tensor, std::uint64_t storage_elements) {
  if (tensor.size.size() != tensor.stride.size()) {
    return fmt::format("has {} dimensions but {} strides", tensor.size.size(), tensor.stride.size());
  }
  if (tensor.storage_offset < 0) {
    return fmt::format("begins at the negative element {}", tensor.storage_offset);
  }
  std::optional<std::uint64_t> elements = 1;
  std::optional<std::uint64_t> last = static_cast<std::uint64_t>(tensor.storage_offset);
  for (std::size_t i = 0; i < tensor.size.size(); ++i) {
    if (tensor.size[i] < 0 || tensor.stride[i] < 0) {
      return fmt::format("has the negative {} {} in dimension {}", tensor.size[i] < 0 ? "size" : "stride",
                         tensor.size[i] < 0 ? tensor.size[i] : tensor.stride[i], i);
    }
    const auto size = static_cast<std::uint64_t>(tensor.size[i]);
    elements = elements ? bytes::checked_mul(*elements, size) : elements;
    const auto span = bytes::checked_mul(size == 0 ? 0 : size - 1, static_cast<std::uint64_t>(tensor.stride[i]));
    last = last && span ? bytes::checked_add(*last, *span) : std::nullopt;
  }
  if (!elements || *elements > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return "has more elements than 2^63";
  }
  if (*elements == 0) {
    return {};
  }
  if (!last || *last >= storage_elements) {
    return fmt::format("reaches element {} of a storage of {}", last ? std::to_string(*last) : "2^64",
                       storage_elements);
  }
  return {};
}

}  // namespace upinspect::pickle
