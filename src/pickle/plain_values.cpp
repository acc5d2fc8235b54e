// SPDX-License-Identifier: Apache-2.0
#include "pickle/plain_values.hpp"

#include "pickle/numpy_arrays.hpp"
#include "pickle/torch_dtypes.hpp"

#include <bit>
#include <cstring>

namespace upinspect::pickle {

namespace {

std::optional<Value> scalar_value(const Graph& graph, NodeId id) {
  switch (graph.kind(id)) {
    case Kind::none: return Value(nullptr);
    case Kind::boolean: return Value(graph.boolean(id));
    case Kind::integer: return Value(*graph.integer(id));
    case Kind::floating: return Value(*graph.floating(id));
    case Kind::text:
    case Kind::big_integer:
      if (const auto text = graph.text(id)) {
        return Value(std::string(*text));
      }
      return std::nullopt;
    default: return std::nullopt;
  }
}

constexpr std::size_t k_most_text = std::size_t{1} << 20;  // of one sequence: its items may be one long text

std::optional<Value> sequence_value(const Graph& graph, NodeId id) {
  Value::Array out;
  std::size_t text = 0;
  for (const auto item : graph.items(id)) {
    auto value = scalar_value(graph, item);
    const auto* held = value ? value->if_string() : nullptr;
    text += held == nullptr ? 0 : held->size();
    if (!value || text > k_most_text) {
      return std::nullopt;
    }
    out.push_back(std::move(*value));
  }
  return Value(std::move(out));
}

template <typename T>
T loaded(std::string bytes, ByteOrder order) {
  constexpr auto k_native = std::endian::native == std::endian::big ? ByteOrder::big : ByteOrder::little;
  if (order != k_native) {
    bytes.assign(bytes.rbegin(), bytes.rend());
  }
  T out{};
  std::memcpy(&out, bytes.data(), sizeof(T));
  return out;
}

std::optional<Value> numpy_value(const Graph& graph, NodeId id) {
  const auto array = read_numpy(graph, id);
  const auto bytes =
      array.scalar && array.problem.empty() && array.data ? kept_bytes(graph, *array.data) : std::nullopt;
  if (!bytes) {
    return std::nullopt;
  }
  const auto order = array.dtype.order;
  switch (array.dtype.dtype) {
    case Dtype::f64: return Value(loaded<double>(*bytes, order));
    case Dtype::f32: return Value(static_cast<double>(loaded<float>(*bytes, order)));
    case Dtype::i64: return Value(loaded<std::int64_t>(*bytes, order));
    case Dtype::i32: return Value(std::int64_t{loaded<std::int32_t>(*bytes, order)});
    case Dtype::i16: return Value(std::int64_t{loaded<std::int16_t>(*bytes, order)});
    case Dtype::i8: return Value(std::int64_t{loaded<std::int8_t>(*bytes, order)});
    case Dtype::u64: return Value(loaded<std::uint64_t>(*bytes, order));
    case Dtype::u32: return Value(std::int64_t{loaded<std::uint32_t>(*bytes, order)});
    case Dtype::u16: return Value(std::int64_t{loaded<std::uint16_t>(*bytes, order)});
    case Dtype::u8: return Value(std::int64_t{loaded<std::uint8_t>(*bytes, order)});
    case Dtype::boolean: return Value(loaded<std::uint8_t>(*bytes, order) != 0);
    default: return std::nullopt;
  }
}

std::optional<Value> device_value(const Graph& graph, std::span<const NodeId> arguments) {
  const auto type = arguments.empty() ? std::nullopt : graph.text(arguments[0]);
  if (!type) {
    return std::nullopt;
  }
  const auto index = arguments.size() > 1 ? graph.integer(arguments[1]) : std::nullopt;
  return Value(std::string(*type) + (index ? ":" + std::to_string(*index) : ""));
}

std::optional<Value> call_value(const Graph& graph, NodeId id) {
  const auto* callee = graph.callee(id);
  if (callee == nullptr || graph.additions(id) != nullptr) {
    return std::nullopt;
  }
  const auto arguments = graph.items(graph.call(id)->arguments);
  if (callee->is("torch", "device")) {
    return device_value(graph, arguments);
  }
  if (callee->is("builtins", "complex")) {
    return sequence_value(graph, graph.call(id)->arguments);
  }
  const bool wraps = callee->is("torch", "Size") || callee->is("builtins", "set") ||
                     callee->is("builtins", "frozenset") || callee->is("builtins", "list") ||
                     callee->is("builtins", "tuple");
  if (wraps) {
    return arguments.empty() ? Value(Value::Array{}) : sequence_value(graph, arguments[0]);
  }
  return is_numpy(graph, id) ? numpy_value(graph, id) : std::nullopt;
}

}  // namespace

std::optional<Value> plain_value(const Graph& graph, NodeId id) {
  switch (graph.kind(id)) {
    case Kind::list:
    case Kind::tuple:
    case Kind::set:
    case Kind::frozenset: return sequence_value(graph, id);
    case Kind::dict: return graph.items(id).empty() ? std::optional(Value(Value::Object{})) : std::nullopt;
    case Kind::call: return call_value(graph, id);
    case Kind::global: {
      const auto& name = *graph.global(id);
      const bool known = name.module == "torch" && torch_dtype(name.name) != nullptr;
      return known ? std::optional(Value(name.dotted())) : std::nullopt;
    }
    default: return scalar_value(graph, id);
  }
}

}  // namespace upinspect::pickle
