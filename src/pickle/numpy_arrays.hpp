// SPDX-License-Identifier: Apache-2.0
// Numpy arrays, scalars and dtypes as numpy pickles them.
#pragma once

#include "pickle/graph.hpp"
#include "pickle/stored_bytes.hpp"
#include "upinspect/artifact.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upinspect::pickle {

/// An element type. `descr` is what numpy's dtype.str would say: "<f4", "|b1", "|V6".
struct NumpyDtype {
  std::string descr;
  Dtype dtype = Dtype::other;
  std::string dtype_name;   ///< the contract's name, or `descr`
  std::uint64_t item_bytes = 0;
  ByteOrder order = ByteOrder::little;
  bool native_order = false;///< '=': the order of the machine that wrote it, taken for little-endian
  bool objects = false;     ///< the elements are Python objects
  bool structured = false;

  friend bool operator==(const NumpyDtype&, const NumpyDtype&) = default;
};

struct NumpyRef {
  NodeId node = k_no_node;
  std::uint64_t offset = 0;
  NumpyDtype dtype;
  std::vector<std::uint64_t> shape;
  bool fortran = false;
  bool scalar = false;                ///< numpy.float32(1) rather than an array
  bool masked = false;
  std::optional<BytesRef> data;       ///< absent where the elements are objects
  std::optional<BytesRef> mask;       ///< of masked arrays: one byte per element
  std::string problem;
  std::uint64_t problem_offset = 0;

  friend bool operator==(const NumpyRef&, const NumpyRef&) = default;
};

/// True where the node is made by one of numpy's functions for arrays and scalars.
[[nodiscard]] bool is_numpy(const Graph& graph, NodeId id);

/// Reads a node for which is_numpy holds. Never throws: what is malformed is told in `problem`.
[[nodiscard]] NumpyRef read_numpy(const Graph& graph, NodeId id);

/// Reads a dtype. Throws bytes::ParseError where it is malformed.
[[nodiscard]] NumpyDtype read_numpy_dtype(const Graph& graph, NodeId id);

}  // namespace upinspect::pickle
