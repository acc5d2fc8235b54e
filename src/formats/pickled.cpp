// SPDX-License-Identifier: Apache-2.0
#include "formats/pickled.hpp"

#include "bytes/checked.hpp"
#include "pickle/verdict.hpp"
#include "pickle/weights_only.hpp"

#include <algorithm>

namespace upinspect::formats {

namespace {

using pickle::LeafKind;
using pickle::TensorLayout;

/// Turns the leaves of one pickle into tensors and metadata.
class ObjectAdder {
 public:
  ObjectAdder(model::Builder& builder, const pickle::Program& program, const PickleSetting& setting)
      : m_builder(builder), m_program(program), m_setting(setting), m_objects(pickle::list_objects(program)) {}

  std::map<std::string, StorageUse> run();

 private:
  void leaf(const pickle::Leaf& leaf);
  void tensor(const std::string& name, const pickle::TensorRef& ref);
  void components(const std::string& name, const pickle::TensorRef& ref);
  bool place(Tensor& tensor, const pickle::TensorRef& ref);
  void use(const pickle::StorageRef& storage, const Tensor& tensor);
  void array(const std::string& name, const pickle::NumpyRef& ref);
  void place_array(Tensor tensor, const pickle::NumpyRef& ref);
  void value(const std::string& name, Value value) { m_builder.metadata(name, std::move(value)); }
  void problem(const std::string& name, const std::string& why, std::uint64_t offset);
  [[nodiscard]] std::optional<ByteRange> in_file(std::uint64_t offset) const;

  model::Builder& m_builder;
  const pickle::Program& m_program;
  const PickleSetting& m_setting;
  pickle::Objects m_objects;
  std::map<std::string, StorageUse> m_uses;
};

/// An offset in an unpacked record says nothing about the file; the record itself is the place then.
std::optional<ByteRange> ObjectAdder::in_file(std::uint64_t offset) const {
  return m_setting.unpacked_from ? *m_setting.unpacked_from : ByteRange{offset, 0};
}

void ObjectAdder::problem(const std::string& name, const std::string& why, std::uint64_t offset) {
  m_builder.find("tensor.malformed", Severity::error, why, in_file(offset), name);
}

std::vector<std::uint64_t> to_shape(const std::vector<std::int64_t>& size) {
  std::vector<std::uint64_t> shape;
  for (const auto dimension : size) {
    shape.push_back(static_cast<std::uint64_t>(std::max<std::int64_t>(dimension, 0)));
  }
  return shape;
}

Tensor described(const std::string& name, const pickle::TensorRef& ref) {
  Tensor tensor;
  tensor.name = name;
  tensor.dtype = ref.dtype;
  tensor.dtype_name = ref.dtype_name;
  tensor.shape = to_shape(ref.size);
  if (ref.dtype == Dtype::other) {
    const auto elements = bytes::checked_product(tensor.shape);
    tensor.bytes = elements ? bytes::checked_mul(*elements, ref.element_bytes).value_or(0) : 0;
  }
  return tensor;
}

void ObjectAdder::use(const pickle::StorageRef& storage, const Tensor& tensor) {
  auto& use = m_uses.try_emplace(storage.key, StorageUse{storage, 0, tensor.name}).first->second;
  if (const auto span = model::span_in_storage(tensor)) {
    use.used_bytes = std::max(use.used_bytes, span->end());
  }
  const bool conflict = use.declared.class_name != storage.class_name || use.declared.elements != storage.elements;
  if (conflict) {
    m_builder.find("torch.conflicting-storage", Severity::warning,
                   "storage " + storage.key + " is declared as " + storage.class_name + " of " +
                       std::to_string(storage.elements) + " elements here, and as " + use.declared.class_name + " of " +
                       std::to_string(use.declared.elements) + " by \"" + use.first_tensor +
                       "\"; torch silently takes the first",
                   in_file(storage.offset), tensor.name);
  }
}

/// Finds the tensor's storage and checks the view; false where there are no bytes to be had.
bool ObjectAdder::place(Tensor& tensor, const pickle::TensorRef& ref) {
  const auto& storage = *ref.storage;
  tensor.location.storage_offset = static_cast<std::uint64_t>(std::max<std::int64_t>(ref.storage_offset, 0));
  tensor.location.strides = ref.stride;
  const auto found = m_setting.find_storage ? m_setting.find_storage(storage) : std::nullopt;
  if (!found) {
    tensor.unread = "its storage \"" + storage.key + "\" is missing";
    m_builder.find("torch.missing-storage", Severity::error, "the storage \"" + storage.key + "\" is not in the file",
                   in_file(storage.offset), tensor.name);
    return false;
  }
  tensor.location.packed = found->packed;
  tensor.location.packing = found->packing;
  tensor.location.order = found->order;
  tensor.location.entry = found->entry;
  tensor.location.storage_bytes = found->bytes;
  if (found->bytes < storage.bytes) {
    m_builder.find("torch.short-storage", Severity::error,
                   "storage \"" + storage.key + "\" has " + std::to_string(found->bytes) + " bytes; " +
                       std::to_string(storage.bytes) + " are declared (torch before 2.0 reads past its end)",
                   found->packed, tensor.name);
  }
  const auto width = std::max<std::uint64_t>(ref.element_bytes, 1);
  if (const auto why = pickle::view_problem(ref, std::min(found->bytes, storage.bytes) / width); !why.empty()) {
    tensor.unread = why;
    problem(tensor.name, why, ref.offset);
    return false;
  }
  return true;
}

void ObjectAdder::tensor(const std::string& name, const pickle::TensorRef& ref) {
  auto made = described(name, ref);
  if (!ref.problem.empty()) {
    made.unread = ref.problem;
    problem(name, ref.problem, ref.problem_offset);
    m_builder.add(std::move(made));
    return;
  }
  const bool plain = ref.layout == TensorLayout::strided && ref.storage;
  if (plain) {
    made.elements = bytes::checked_product(made.shape).value_or(0);
    if (ref.dtype != Dtype::other) {
      made.bytes = model::size_of(made.dtype, made.elements).value_or(0);
    }
    if (place(made, ref)) {
      use(*ref.storage, made);
    }
    m_builder.add(std::move(made));
  } else if (ref.layout == TensorLayout::from_numpy && ref.array != pickle::k_no_node) {
    array(name, pickle::read_numpy(m_program.graph, ref.array));
  } else if (ref.components.empty()) {
    made.unread = "a " + std::string(name_of(ref.layout)) + " tensor keeps no data in the file";
    m_builder.find("tensor.no-data", Severity::note, made.unread, in_file(ref.offset), name);
    made.elements = 0;
    m_builder.add(std::move(made));
    return;
  }
  components(name, ref);
}

void ObjectAdder::components(const std::string& name, const pickle::TensorRef& ref) {
  for (const auto& part : ref.components) {
    tensor(name + "." + part.role, part.tensor);
  }
}

void ObjectAdder::array(const std::string& name, const pickle::NumpyRef& ref) {
  Tensor made;
  made.name = name;
  made.dtype = ref.dtype.dtype;
  made.dtype_name = ref.dtype.dtype_name;
  made.shape = ref.shape;
  made.location.order = ref.dtype.order;
  const auto elements = bytes::checked_product(ref.shape);
  made.elements = elements.value_or(0);
  made.bytes = elements ? bytes::checked_mul(*elements, ref.dtype.item_bytes).value_or(0) : 0;
  if (ref.fortran) {
    std::vector<std::uint64_t> reversed(ref.shape.rbegin(), ref.shape.rend());
    auto strides = model::row_major_strides(reversed);
    made.location.strides.assign(strides.rbegin(), strides.rend());
  }
  if (!ref.problem.empty()) {
    made.unread = ref.problem;
    problem(name, ref.problem, ref.problem_offset);
    m_builder.add(std::move(made));
  } else if (!ref.data) {
    made.unread = "its elements are Python objects, which live in the pickle";
    m_builder.find("tensor.no-data", Severity::note, made.unread, in_file(ref.offset), name);
    m_builder.add(std::move(made));
  } else {
    place_array(std::move(made), ref);
  }
}

void ObjectAdder::place_array(Tensor tensor, const pickle::NumpyRef& ref) {
  const auto& data = *ref.data;
  tensor.location.entry = m_setting.entry;
  const bool as_it_stands = data.form == pickle::BytesForm::plain && !m_setting.unpacked_from;
  if (as_it_stands) {
    tensor.location.packed = data.range;
    tensor.location.storage_bytes = data.range.length;
    m_builder.add(std::move(tensor));
    return;
  }
  tensor.location.packed = m_setting.unpacked_from.value_or(data.range);
  try {
    const auto text = pickle::read_bytes(m_program.graph, *m_setting.stream, data, m_builder.options().limits.memory / 4);
    const auto view = std::as_bytes(std::span(text));
    m_builder.add_decoded(std::move(tensor), std::vector<std::byte>(view.begin(), view.end()));
  } catch (const bytes::ParseError& error) {
    tensor.unread = error.what();
    m_builder.add(std::move(tensor));
  }
}

void ObjectAdder::leaf(const pickle::Leaf& leaf) {
  switch (leaf.kind) {
    case LeafKind::tensor: tensor(leaf.name, m_objects.tensors[leaf.index]); break;
    case LeafKind::array: array(leaf.name, m_objects.arrays[leaf.index]); break;
    case LeafKind::value: value(leaf.name, m_objects.values[leaf.index]); break;
    case LeafKind::bytes:
    case LeafKind::long_text:
      value(leaf.name, Value::Object{{"bytes", m_objects.bytes[leaf.index].range.length}});
      break;
    case LeafKind::stream:
      value(leaf.name, Value::Object{{"torch_stream_bytes", m_objects.bytes[leaf.index].range.length}});
      m_builder.find("torch.nested-stream", Severity::warning,
                     "bytes that torch.load would read as a pickle of their own; not followed",
                     in_file(m_objects.bytes[leaf.index].range.offset), leaf.name);
      break;
    case LeafKind::storage:
      value(leaf.name, Value::Object{{"storage", m_objects.storages[leaf.index].key},
                                     {"class", m_objects.storages[leaf.index].class_name}});
      break;
    case LeafKind::persistent: value(leaf.name, Value::Object{{"persistent_id", m_objects.values[leaf.index]}}); break;
    case LeafKind::opaque: value(leaf.name, Value::Object{{"class", m_objects.classes[leaf.index]}}); break;
    case LeafKind::cycle: value(leaf.name, Value::Object{{"cycle", true}}); break;
    case LeafKind::too_deep:
      m_builder.find("pickle.too-deep", Severity::warning, "nested too deeply; not followed any further", std::nullopt,
                     leaf.name);
      break;
  }
}

std::map<std::string, StorageUse> ObjectAdder::run() {
  for (const auto& item : m_objects.leaves) {
    leaf(item);
  }
  for (const auto& key : m_objects.repeated_keys) {
    m_builder.find("pickle.repeated-key", Severity::warning,
                   "the key stands more than once; Python keeps the last value", in_file(key.offset), key.name);
  }
  if (!m_objects.capped.empty()) {
    m_builder.find("limit.reached", Severity::error, "the list of objects was cut short: " + m_objects.capped);
  }
  return std::move(m_uses);
}

}  // namespace

std::map<std::string, StorageUse> add_objects(model::Builder& builder, const pickle::Program& program,
                                              const PickleSetting& setting) {
  if (!program.complete()) {
    return {};
  }
  return ObjectAdder(builder, program, setting).run();
}

void judge_stream(model::Builder& builder, const pickle::Program& program, const PickleSetting& setting,
                  std::uint64_t start, const pickle::Options& options) {
  const auto loads = pickle::weights_only(*setting.stream, start, options);
  auto report = pickle::report(program, *setting.stream, loads);
  if (builder.artifact.pickle) {
    pickle::merge(*builder.artifact.pickle, report);
  } else {
    builder.artifact.pickle = std::move(report);
  }
}

void report_stream(model::Builder& builder, const pickle::Program& program, const std::string& record) {
  if (program.failure) {
    const auto& failure = *program.failure;
    const auto* id = failure.limit ? "limit.reached" : failure.truncated ? "container.truncated" : "pickle.malformed";
    builder.find(id, Severity::error,
                 record + ": " + (failure.opcode.empty() ? std::string() : failure.opcode + ": ") + failure.message,
                 ByteRange{failure.offset, 0});
  }
  for (const auto& anomaly : program.anomalies) {
    builder.find("pickle." + std::string(anomaly.id), Severity::warning,
                 record + ": " + anomaly.message +
                     (anomaly.count > 1 ? " (" + std::to_string(anomaly.count) + " times)" : std::string()),
                 ByteRange{anomaly.offset, 0});
  }
}

}  // namespace upinspect::formats
