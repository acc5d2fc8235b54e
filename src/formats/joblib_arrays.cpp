// SPDX-License-Identifier: Apache-2.0
#include "formats/joblib_arrays.hpp"

#include "bytes/checked.hpp"
#include "bytes/cursor.hpp"
#include "pickle/mapping.hpp"
#include "pickle/node_reader.hpp"

namespace upinspect::formats {

namespace {

using pickle::NodeId;

constexpr std::size_t k_most_inner = 1000;

bool is_wrapper(const pickle::Graph& graph, NodeId id) {
  const auto* callee = graph.callee(id);
  return callee != nullptr && callee->is("joblib.numpy_pickle", "NumpyArrayWrapper");
}

NodeId field(const pickle::NodeReader& in, NodeId state, std::string_view name) {
  const auto found = pickle::find_item(in.graph(), state, name);
  if (found == pickle::k_no_node) {
    in.fail(state, "joblib array", "has no " + std::string(name));
  }
  return found;
}

pickle::NumpyRef described(const pickle::Graph& graph, NodeId object) {
  const pickle::NodeReader in(graph);
  const auto state = graph.additions(object)->states.back();
  pickle::NumpyRef out;
  out.node = object;
  out.offset = graph.offset(object);
  out.dtype = pickle::read_numpy_dtype(graph, field(in, state, "dtype"));
  out.fortran = in.text(field(in, state, "order"), "order of the elements") == "F";
  for (const auto dimension : in.dimensions(field(in, state, "shape"), "shape")) {
    if (dimension < 0) {
      in.fail(object, "shape", "has the negative dimension " + std::to_string(dimension));
    }
    out.shape.push_back(static_cast<std::uint64_t>(dimension));
  }
  return out;
}

}  // namespace

/// One byte says how many follow it.
std::uint64_t JoblibArrays::measure_padding(std::uint64_t offset) {
  bytes::Cursor in(m_source, ByteRange{offset, m_source.size() - offset});
  const auto length = in.le<std::uint8_t>("length of the padding");
  in.skip(length, "padding");
  m_padding.push_back(ByteRange{offset, std::uint64_t{1} + length});
  return std::uint64_t{1} + length;
}

std::uint64_t JoblibArrays::measure_objects(pickle::NumpyRef& array, std::uint64_t offset) {
  if (m_inner.size() >= k_most_inner) {
    bytes::Cursor::fail_at(offset, "joblib array", "more than " + std::to_string(k_most_inner) + " arrays of Python objects");
  }
  const auto inner = pickle::run(m_source, offset);
  m_inner.insert_or_assign(array.node, ByteRange{offset, inner.end - offset});
  if (inner.failure) {
    bytes::Cursor::fail_at(inner.failure->offset, "pickle of a joblib array", inner.failure->message);
  }
  array.data.reset();
  return inner.end - offset;
}

std::uint64_t JoblibArrays::measure(const pickle::Graph& graph, NodeId object, std::uint64_t offset) {
  if (!is_wrapper(graph, object)) {
    return 0;
  }
  auto array = described(graph, object);
  std::uint64_t length = 0;
  if (array.dtype.objects) {
    length = measure_objects(array, offset);
  } else {
    const auto state = graph.additions(object)->states.back();
    const auto aligned = pickle::find_item(graph, state, "numpy_array_alignment_bytes");
    const bool padded = aligned != pickle::k_no_node && !graph.is(aligned, pickle::Kind::none);
    const auto padding = padded ? measure_padding(offset) : 0;
    const auto elements = bytes::checked_product(array.shape);
    const auto size = elements ? bytes::checked_mul(*elements, array.dtype.item_bytes) : std::nullopt;
    const auto whole = size ? bytes::checked_add(*size, padding) : std::nullopt;
    if (!whole) {
      bytes::Cursor::fail_at(offset, "joblib array", "its size exceeds 2^64 bytes");
    }
    array.data = pickle::BytesRef{object, ByteRange{offset + padding, *size}, pickle::BytesForm::plain};
    length = *whole;
  }
  m_arrays.insert_or_assign(object, std::move(array));
  return length;
}

}  // namespace upinspect::formats
