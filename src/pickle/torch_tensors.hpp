// SPDX-License-Identifier: Apache-2.0
// Tensors as torch pickles them: every rebuild function, the storage behind it and the view it takes.
#pragma once

#include "pickle/graph.hpp"
#include "pickle/stored_bytes.hpp"
#include "upinspect/dtype.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::pickle {

/// The view metadata of a legacy stream: a storage that is a part of another.
struct StorageView {
  std::string key;
  std::int64_t offset = 0;    ///< in elements
  std::int64_t elements = 0;

  friend bool operator==(const StorageView&, const StorageView&) = default;
};

/// A storage, named by a persistent id `('storage', class, key, location, numel[, view])`.
struct StorageRef {
  NodeId node = k_no_node;
  std::uint64_t offset = 0;      ///< of the persistent id's opcode
  std::string class_name;        ///< with its module: "torch.FloatStorage"
  Dtype dtype = Dtype::other;    ///< with the next two: unknown where `nested`
  std::string dtype_name;
  std::uint64_t element_bytes = 0;
  bool untyped = false;
  std::string key;
  std::string location;          ///< the device it was saved from: "cpu", "cuda:0"
  std::uint64_t elements = 0;    ///< as declared; bytes where untyped
  std::uint64_t bytes = 0;       ///< elements x element_bytes, at most 2^64 - 1
  std::optional<StorageView> view;
  std::optional<BytesRef> nested;///< a torch legacy stream that holds the storage, in place of a key

  friend bool operator==(const StorageRef&, const StorageRef&) = default;
};

enum class TensorLayout : std::uint8_t {
  strided, sparse_coo, sparse_csr, sparse_csc, sparse_bsr, sparse_bsc,
  nested,      ///< components: buffer, sizes, strides, offsets
  meta,        ///< shape and dtype without data
  wrapper,     ///< a subclass that keeps its data elsewhere
  from_numpy,  ///< the data is the numpy array `array`
  unknown,
};

[[nodiscard]] std::string_view name_of(TensorLayout layout) noexcept;

struct Quantiser {
  std::string scheme;           ///< "per_tensor_affine"...
  double scale = 0;             ///< per tensor
  std::int64_t zero_point = 0;
  std::int64_t axis = 0;        ///< per channel; scales and zero points are components or lists
  NodeId scales = k_no_node;
  NodeId zero_points = k_no_node;

  friend bool operator==(const Quantiser&, const Quantiser&) = default;
};

struct TensorComponent;

struct TensorRef {
  NodeId node = k_no_node;
  std::uint64_t offset = 0;     ///< of the opcode that makes it
  Dtype dtype = Dtype::other;
  std::string dtype_name;
  std::uint64_t element_bytes = 0;
  TensorLayout layout = TensorLayout::strided;
  std::optional<StorageRef> storage;
  std::int64_t storage_offset = 0;     ///< in elements of the tensor's dtype
  std::vector<std::int64_t> size;
  std::vector<std::int64_t> stride;    ///< in elements
  bool requires_grad = false;
  bool is_parameter = false;
  bool conjugate = false;       ///< the values are the conjugates of what is stored
  bool negative = false;        ///< the values are the negatives of what is stored
  std::optional<Quantiser> quantiser;
  std::string subclass;         ///< empty for plain tensors and parameters
  std::vector<TensorComponent> components;  ///< of sparse, nested and per-channel quantised tensors
  NodeId array = k_no_node;
  NodeId outside = k_no_node;   ///< the persistent object that is the tensor, where it is not described here
  NodeId state = k_no_node;     ///< attributes that were saved with it
  std::string problem;          ///< why it is malformed, empty where it is not
  std::uint64_t problem_offset = 0;

  friend bool operator==(const TensorRef&, const TensorRef&) = default;
};

struct TensorComponent {
  std::string role;
  TensorRef tensor;

  friend bool operator==(const TensorComponent&, const TensorComponent&) = default;
};

/// True where the node is made by one of torch's rebuild functions or tensor classes.
[[nodiscard]] bool is_tensor(const Graph& graph, NodeId id);

/// True where the node is a persistent id of a storage.
[[nodiscard]] bool is_storage(const Graph& graph, NodeId id);

/// Reads a node for which is_tensor holds. Never throws: what is malformed is told in `problem`, and what could be
/// read before it is there.
[[nodiscard]] TensorRef read_tensor(const Graph& graph, NodeId id);

/// Reads a storage. Throws bytes::ParseError where its persistent id is malformed.
[[nodiscard]] StorageRef read_storage(const Graph& graph, NodeId id);

/// Why a strided view does not lie within `storage_elements`, in words to follow "the view"; empty where it does.
[[nodiscard]] std::string view_problem(const TensorRef& tensor, std::uint64_t storage_elements);

}  // namespace upinspect::pickle
