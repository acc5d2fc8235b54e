// SPDX-License-Identifier: Apache-2.0
#include "pickle/node_reader.hpp"
#include "pickle/numpy_arrays.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace upinspect::pickle {

namespace {

struct NamedType {
  std::string_view name;
  Dtype dtype;
};

constexpr NamedType k_types[] = {
    {"f2", Dtype::f16}, {"f4", Dtype::f32}, {"f8", Dtype::f64}, {"i1", Dtype::i8},   {"i2", Dtype::i16},
    {"i4", Dtype::i32}, {"i8", Dtype::i64}, {"u1", Dtype::u8},  {"u2", Dtype::u16},  {"u4", Dtype::u32},
    {"u8", Dtype::u64}, {"b1", Dtype::boolean}, {"c8", Dtype::c64}, {"c16", Dtype::c128},
};

/// Types of ml_dtypes, which numpy pickles by their class.
constexpr NamedType k_small_floats[] = {
    {"bfloat16", Dtype::bf16},
    {"float8_e4m3fn", Dtype::f8_e4m3},
    {"float8_e5m2", Dtype::f8_e5m2},
    {"float8_e4m3fnuz", Dtype::f8_e4m3fnuz},
    {"float8_e5m2fnuz", Dtype::f8_e5m2fnuz},
    {"float8_e8m0fnu", Dtype::f8_e8m0},
};

template <std::size_t N>
Dtype find(const NamedType (&table)[N], std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(table), std::end(table), [name](const NamedType& row) { return row.name == name; });
  return found == std::end(table) ? Dtype::other : found->dtype;
}

void set_size(const NodeReader& in, NodeId id, std::string_view digits, NumpyDtype& out) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.item_bytes);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    in.fail(id, "dtype", fmt::format("'{}' has no size", out.descr));
  }
}

/// The itemsize of the state, which counts where the code has none or counts characters ('U8' is 32 bytes).
void take_state_size(const NodeReader& in, std::span<const NodeId> state, NumpyDtype& out) {
  const auto size = state.size() > 5 ? in.graph().integer(state[5]).value_or(-1) : -1;
  if (size >= 0) {
    out.item_bytes = static_cast<std::uint64_t>(size);
  }
}

void take_code(const NodeReader& in, NodeId id, std::string code, NumpyDtype& out) {
  const bool has_order = !code.empty() && std::string_view("<>|=").find(code[0]) != std::string_view::npos;
  if (has_order) {
    out.order = code[0] == '>' ? ByteOrder::big : ByteOrder::little;
    code.erase(0, 1);
  }
  out.descr = code;
  set_size(in, id, std::string_view(code).substr(std::min<std::size_t>(1, code.size())), out);
  out.item_bytes *= code[0] == 'U' ? 4U : 1U;
  out.objects = code[0] == 'O';
  out.dtype = find(k_types, code);
}

void take_state(const NodeReader& in, NodeId id, NumpyDtype& out) {
  const auto* additions = in.graph().additions(id);
  char order = out.item_bytes == 1 || out.dtype == Dtype::other ? '|' : '<';
  if (additions != nullptr && !additions->states.empty()) {
    const auto state = in.sequence(additions->states.back(), "state of the dtype", 5);
    const auto written = in.text(state[1], "byte order of the dtype");
    order = written.empty() ? order : written[0];
    out.structured = !in.graph().is(state[3], Kind::none);
    take_state_size(in, state, out);
  }
  out.order = order == '>' ? ByteOrder::big : ByteOrder::little;
  out.native_order = order == '=';
  out.descr.insert(0, 1, order);
}

}  // namespace

NumpyDtype read_numpy_dtype(const Graph& graph, NodeId id) {
  const NodeReader in(graph);
  const auto* callee = graph.callee(id);
  if (callee == nullptr || !callee->is("numpy", "dtype")) {
    in.fail(id, "dtype", "must be a numpy.dtype, not " + graph.type_name(id));
  }
  const auto code = in.sequence(graph.call(id)->arguments, "arguments of the dtype", 1)[0];
  NumpyDtype out;
  if (const auto* name = graph.global(code)) {
    out.dtype = name->module == "ml_dtypes" ? find(k_small_floats, name->name) : Dtype::other;
    out.descr = in.global(code, "dtype").name;
    out.item_bytes = info(out.dtype).block_bytes;
    out.dtype_name = out.dtype == Dtype::other ? out.descr : std::string(info(out.dtype).name);
    return out;
  }
  take_code(in, code, in.text(code, "code of the dtype"), out);
  take_state(in, id, out);
  out.dtype_name = out.dtype == Dtype::other ? out.descr : std::string(info(out.dtype).name);
  return out;
}

}  // namespace upinspect::pickle
