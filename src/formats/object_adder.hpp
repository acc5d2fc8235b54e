// SPDX-License-Identifier: Apache-2.0
// The inside of add_objects (pickled.hpp): one handler for each kind of thing that a pickle may hold.
#pragma once

#include "formats/legacy_stream.hpp"
#include "formats/pickled.hpp"

#include <memory>
#include <set>

namespace upinspect::formats {

/// Turns the leaves of one pickle into tensors and metadata.
class ObjectAdder {
 public:
  ObjectAdder(model::Builder& builder, const pickle::Program& program, const PickleSetting& setting)
      : m_builder(builder), m_program(program), m_setting(setting) {}

  AddedObjects run();

 private:
  /// A torch stream inside of the pickle, with the bytes that hold it where they had to be decoded.
  struct Nested {
    std::unique_ptr<bytes::MemorySource> memory;
    const bytes::Source* source = nullptr;
    std::optional<ByteRange> unpacked_from;
    LegacyStream stream;
  };

  // Leaves (pickled.cpp).
  [[nodiscard]] const pickle::NumpyRef* inline_array(pickle::NodeId id) const;
  void list(pickle::NodeId root, const std::string& prefix);
  void list_once(pickle::NodeId root, const std::string& prefix);
  void leaf(const pickle::Objects& objects, const pickle::Leaf& leaf, const std::string& name);
  void persistent(const pickle::Objects& objects, const pickle::Leaf& leaf, const std::string& name);
  void value(const std::string& name, Value value) { m_builder.metadata(name, std::move(value)); }
  void problem(const std::string& name, const std::string& why, std::uint64_t offset);
  [[nodiscard]] std::optional<ByteRange> in_file(std::uint64_t offset) const;

  // Tensors (pickled_tensors.cpp).
  void tensor(const std::string& name, const pickle::TensorRef& ref);
  void list_state(pickle::NodeId state, const std::string& name);
  void strided(Tensor made, const pickle::TensorRef& ref);
  bool outside(const std::string& name, pickle::NodeId persistent);
  void without_data(Tensor made, const pickle::TensorRef& ref);
  void describe(const std::string& name, const pickle::TensorRef& ref);
  bool place(Tensor& tensor, const pickle::TensorRef& ref, const FoundStorage& found);
  bool take_view(FoundStorage& found, const pickle::StorageRef& storage, std::string& why) const;
  void add_placed(Tensor tensor, const FoundStorage& found);
  void use(const pickle::StorageRef& storage, const Tensor& tensor);
  [[nodiscard]] pickle::StorageRef as_torch_sees(const pickle::StorageRef& storage, const std::string& name);
  void note_location(const pickle::StorageRef& storage, const std::string& name);
  [[nodiscard]] std::optional<FoundStorage> find(const pickle::StorageRef& storage, const std::string& name);

  // Arrays (pickled_arrays.cpp).
  void array(const std::string& name, const pickle::NumpyRef& ref);
  void place_array(Tensor tensor, const pickle::NumpyRef& ref);
  void objects_of_array(const Tensor& array, const pickle::NumpyRef& ref);
  void elements_of(const std::string& name, const pickle::NumpyRef& ref);
  bool elements_behind(const std::string& name, const pickle::NumpyRef& ref);

  // Streams inside of the pickle (nested_streams.cpp).
  const Nested* nested(const pickle::BytesRef& bytes, const std::string& name);
  void report_nested(const Nested& nested, const std::string& name);
  void add_nested(const pickle::BytesRef& bytes, const std::string& name);
  [[nodiscard]] std::optional<pickle::StorageRef> nested_storage(const Nested& nested, const std::string& name);
  [[nodiscard]] static std::optional<FoundStorage> find_nested(const Nested& nested, const pickle::StorageRef& storage);

  model::Builder& m_builder;
  const pickle::Program& m_program;
  const PickleSetting& m_setting;
  AddedObjects m_added;
  unsigned m_depth = 0;  ///< of lists within lists
  std::map<pickle::NodeId, std::optional<Nested>> m_nested;
  std::set<std::string> m_reported;     ///< keys of storages that were looked at
  std::set<pickle::NodeId> m_listed;  ///< states and object arrays whose content is listed already
};

}  // namespace upinspect::formats
