// SPDX-License-Identifier: Apache-2.0
// The flat list of named things in a pickled object: tensors, arrays, values and what is opaque.
#pragma once

#include "pickle/mapping.hpp"
#include "pickle/numpy_arrays.hpp"
#include "pickle/program.hpp"
#include "pickle/torch_tensors.hpp"
#include "upinspect/value.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace upinspect::pickle {

enum class LeafKind : std::uint8_t {
  tensor,      ///< Objects::tensors[index]
  array,       ///< Objects::arrays[index]
  value,       ///< Objects::values[index]
  bytes,       ///< Objects::bytes[index]
  long_text,   ///< a text too long to be kept: Objects::bytes[index]
  stream,      ///< a whole torch legacy stream in bytes: Objects::bytes[index]
  storage,     ///< a storage without a tensor: Objects::storages[index]
  persistent,  ///< an object named from outside, such as a tensor of a tar archive: its id is Objects::values[index]
  opaque,      ///< an object of class Objects::classes[index]; what it holds follows as leaves of its own
  cycle,       ///< the container that holds it, once more
  too_deep,    ///< not followed any further
};

/// A thing under its name: mapping keys, attribute names and sequence indices joined by dots. Objects that several
/// names reach are listed under each and share their index.
struct Leaf {
  std::string name;
  NodeId node = k_no_node;
  LeafKind kind = LeafKind::value;
  std::size_t index = 0;
  bool attribute = false;  ///< reached through attributes (`_metadata` of a state_dict), not through items

  friend bool operator==(const Leaf&, const Leaf&) = default;
};

struct RepeatedKey {
  std::string name;
  std::uint64_t offset = 0;  ///< of the key's first appearance

  friend bool operator==(const RepeatedKey&, const RepeatedKey&) = default;
};

struct WalkLimits {
  std::uint64_t leaves = 10'000'000;
  std::uint64_t steps = 20'000'000;
  std::uint64_t memory = std::uint64_t{512} << 20;  ///< of names and descriptions, in bytes
  std::size_t depth = 200;
};

struct Objects {
  std::vector<Leaf> leaves;  ///< in the order of insertion
  std::vector<TensorRef> tensors;
  std::vector<NumpyRef> arrays;
  std::vector<Value> values;
  std::vector<BytesRef> bytes;
  std::vector<StorageRef> storages;
  std::vector<std::string> classes;
  std::vector<RepeatedKey> repeated_keys;
  std::string capped;        ///< which limit cut the list short, empty where none did
};

/// Walks what the pickle returned.
[[nodiscard]] Objects list_objects(const Program& program, const WalkLimits& limits = {});

/// The same from any node.
[[nodiscard]] Objects list_objects(const Graph& graph, NodeId root, const WalkLimits& limits = {});

}  // namespace upinspect::pickle
