// SPDX-License-Identifier: Apache-2.0
// Torch tensors: the storage is found, the view is checked, and what the elements alone do not say becomes metadata.
#include "bytes/checked.hpp"
#include "bytes/parse_error.hpp"
#include "formats/object_adder.hpp"

#include <algorithm>
#include <array>

namespace upinspect::formats {

namespace {

using pickle::TensorLayout;

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
  const auto elements = bytes::checked_product(tensor.shape);
  tensor.elements = elements.value_or(0);
  if (ref.dtype == Dtype::other) {
    tensor.bytes = elements ? bytes::checked_mul(*elements, ref.element_bytes).value_or(0) : 0;
  } else {
    tensor.bytes = model::size_of(tensor.dtype, tensor.elements).value_or(0);
  }
  return tensor;
}

/// How many elements of the tensor's type `bytes` bytes hold; two or four share a byte in the packed types.
std::uint64_t elements_in(const pickle::TensorRef& ref, std::uint64_t bytes) {
  const auto packed = ref.dtype == Dtype::quint4x2 ? 2U : ref.dtype == Dtype::quint2x4 ? 4U : 1U;
  return bytes::checked_mul(bytes / std::max<std::uint64_t>(ref.element_bytes, 1), packed).value_or(UINT64_MAX);
}

/// A nested storage has no key outside of its stream.
std::string called(const pickle::StorageRef& storage) {
  return storage.nested ? "of the stream at " + std::to_string(storage.nested->range.offset) : "\"" + storage.key + "\"";
}

void take_dtype(const pickle::StorageRef& storage, pickle::TensorRef& out) {
  out.dtype = storage.dtype;
  out.dtype_name = storage.dtype_name;
  out.element_bytes = storage.element_bytes;
}

Value shape_value(const std::vector<std::int64_t>& size) {
  Value::Array out;
  for (const auto dimension : size) {
    out.emplace_back(dimension);
  }
  return Value(std::move(out));
}

std::string joined(const std::string& name, std::string_view part) {
  return (name.empty() ? "" : name + ".") + std::string(part);
}

}  // namespace

/// torch makes a storage when it first meets its key and keeps to that, whatever is said of it later.
pickle::StorageRef ObjectAdder::as_torch_sees(const pickle::StorageRef& storage, const std::string& name) {
  const auto& first = m_added.uses.try_emplace(storage.key, StorageUse{storage, 0, false, name}).first->second;
  if (first.declared.class_name == storage.class_name && first.declared.elements == storage.elements) {
    return storage;
  }
  m_builder.find("torch.conflicting-storage", Severity::warning,
                 "storage " + storage.key + " is declared as " + storage.class_name + " of " +
                     std::to_string(storage.elements) + " elements here, and as " + first.declared.class_name + " of " +
                     std::to_string(first.declared.elements) + " by \"" + first.first_tensor +
                     "\"; torch silently takes the first",
                 in_file(storage.offset), name);
  auto seen = first.declared;
  seen.view = storage.view;
  return seen;
}

void ObjectAdder::use(const pickle::StorageRef& storage, const Tensor& tensor) {
  auto& use = m_added.uses.at(storage.key);
  use.reached = true;
  if (const auto span = model::span_in_storage(tensor)) {
    const auto width = std::max<std::uint64_t>(storage.element_bytes, 1);
    const auto start = storage.view ? static_cast<std::uint64_t>(std::max<std::int64_t>(storage.view->offset, 0)) * width : 0;
    use.used_bytes = std::max(use.used_bytes, start + span->end());
  }
}

/// A legacy storage may be a part of another one. False where that part does not lie in it.
bool ObjectAdder::take_view(FoundStorage& found, const pickle::StorageRef& storage, std::string& why) const {
  if (!storage.view) {
    return true;
  }
  const auto& view = *storage.view;
  if (view.offset < 0 || view.elements < 0) {
    why = "the storage view has a negative offset or size";
    return false;
  }
  const auto start = bytes::checked_mul(static_cast<std::uint64_t>(view.offset), storage.element_bytes);
  const auto length = bytes::checked_mul(static_cast<std::uint64_t>(view.elements), storage.element_bytes);
  if (!start || !length || *start > found.bytes || *length > found.bytes - *start) {
    why = "the storage view of " + std::to_string(view.elements) + " elements from " + std::to_string(view.offset) +
          " does not lie in storage \"" + storage.key + "\" of " + std::to_string(storage.elements);
    return false;
  }
  if (found.packing != Packing::stored) {
    why = "a view of a storage in a zip archive, which torch does not write and cannot read";
    return false;
  }
  found.packed = ByteRange{found.packed.offset + *start, *length};
  found.bytes = *length;
  return true;
}

/// Where the storage's bytes are. What is missing or short is said here.
std::optional<FoundStorage> ObjectAdder::find(const pickle::StorageRef& storage, const std::string& name) {
  const auto found = m_setting.find_storage ? m_setting.find_storage(storage) : std::nullopt;
  if (!found && !m_setting.partial) {
    m_builder.find("torch.missing-storage", Severity::error, "the storage " + called(storage) + (m_setting.why_missing ? m_setting.why_missing(storage) : " is not in the file"),
                   in_file(storage.offset), name);
  }
  if (!found) {
    return std::nullopt;
  }
  const bool first_time = m_reported.insert(storage.key).second;
  if (first_time) {
    note_location(storage, name);
  }
  if (first_time && found->bytes > storage.bytes) {
    m_builder.find("torch.long-storage", Severity::warning,
                   "storage " + called(storage) + " has " + std::to_string(found->bytes) + " bytes; only " +
                       std::to_string(storage.bytes) + " are declared, so that no loader sees the rest",
                   ByteRange{found->packed.offset, 0}, name);
  }
  if (found->bytes < storage.bytes) {
    m_builder.find("torch.short-storage", Severity::error,
                   "storage " + called(storage) + " has " + std::to_string(found->bytes) + " bytes; " +
                       std::to_string(storage.bytes) + " are declared" + (m_setting.only_storages ? " (torch before 2.0 reads past its end)" : ""),
                   found->packed, name);
  }
  return found;
}

/// torch restores storages to the device that they came from, and knows its own devices only.
void ObjectAdder::note_location(const pickle::StorageRef& storage, const std::string& name) {
  const std::string_view device = std::string_view(storage.location).substr(0, storage.location.find(':'));
  constexpr std::array<std::string_view, 12> k_devices{"cpu", "cuda", "mps", "meta", "xpu", "hpu",
                                                       "mtia", "npu", "xla", "hip", "ipu", "privateuseone"};
  const bool known = std::find(k_devices.begin(), k_devices.end(), device) != k_devices.end();
  if (!known || storage.location.starts_with("cpu:")) {
    m_builder.find("torch.unknown-location", Severity::warning,
                   "storage " + called(storage) + " is tagged with \"" + storage.location +
                       "\": torch cannot restore that without map_location",
                   in_file(storage.offset), name);
  }
}

/// Checks the view; false where its elements do not lie in the storage.
bool ObjectAdder::place(Tensor& tensor, const pickle::TensorRef& ref, const FoundStorage& found) {
  const auto& storage = *ref.storage;
  tensor.location.storage_offset = static_cast<std::uint64_t>(std::max<std::int64_t>(ref.storage_offset, 0));
  tensor.location.strides = ref.stride;
  tensor.location.packed = found.packed;
  tensor.location.packing = found.packing;
  tensor.location.order = found.order;
  tensor.location.entry = found.entry;
  tensor.location.storage_bytes = found.bytes;
  const auto room = std::min(found.bytes, storage.view ? found.bytes : storage.bytes);
  if (const auto why = pickle::view_problem(ref, elements_in(ref, room)); !why.empty()) {
    tensor.unread = "the view " + why;
    problem(tensor.name, tensor.unread, ref.offset);
    return false;
  }
  return true;
}

/// Adds a tensor whose view is known to fit its storage.
void ObjectAdder::add_placed(Tensor tensor, const FoundStorage& found) {
  if (found.held == nullptr) {
    m_builder.add(std::move(tensor));
    return;
  }
  tensor.location.packed = found.decoded_from;
  if (found.bytes > m_builder.room_for_decoded()) {
    tensor.unread = "decoding its storage would take more memory than is allowed";
    m_builder.add(std::move(tensor));
    return;
  }
  std::vector<std::byte> storage(static_cast<std::size_t>(found.bytes));
  found.held->read_at(found.packed.offset, storage);
  m_builder.add_decoded(std::move(tensor), std::move(storage));
}

void ObjectAdder::strided(Tensor made, const pickle::TensorRef& ref) {
  auto whole = ref;
  auto found = std::optional<FoundStorage>();
  if (ref.storage->nested) {
    const auto* inner = nested(*ref.storage->nested, made.name);
    const auto storage = inner == nullptr ? std::nullopt : nested_storage(*inner, made.name);
    if (storage) {
      whole.storage = *storage;
      found = find_nested(*inner, *storage);
      if (whole.dtype_name.empty()) {
        take_dtype(*storage, whole);
      }
      made = described(made.name, whole);
    }
  } else {
    whole.storage = as_torch_sees(*ref.storage, made.name);
    found = find(*whole.storage, made.name);
    if (!ref.storage->untyped) {
      take_dtype(*whole.storage, whole);
      made = described(made.name, whole);
    }
  }
  if (!found) {
    made.unread = "its storage " + called(*ref.storage) +
                  (m_setting.partial ? " was not looked for, which takes more than headers" : " is missing");
    m_builder.add(std::move(made));
    return;
  }
  if (std::string why; !take_view(*found, *whole.storage, why)) {
    problem(made.name, why, ref.offset);
    made.unread = std::move(why);
    m_builder.add(std::move(made));
    return;
  }
  const bool fits = place(made, whole, *found);
  if (!ref.storage->nested && fits) {
    use(*whole.storage, made);
  }
  if (fits) {
    add_placed(std::move(made), *found);
  } else {
    m_builder.add(std::move(made));
  }
}

/// A tensor that is named by a persistent id. False where the id names none here.
bool ObjectAdder::outside(const std::string& name, pickle::NodeId persistent) {
  const auto& graph = m_program.graph;
  const auto id = graph.referent(persistent);
  if (!m_setting.find_tensor || !graph.items(id).empty()) {
    return false;
  }
  const auto key = pickle::key_text(graph, id);
  const auto found = m_setting.find_tensor(key);
  auto made = described(name, found ? found->view : pickle::TensorRef());
  if (!found || !found->data) {
    made.unread = found ? "its storage is missing" : "the key " + key + " is in no table";
    m_builder.find("torch.missing-storage", Severity::error, made.unread + "; torch refuses the file", in_file(graph.offset(persistent)), name);
  } else if (const auto why = pickle::view_problem(found->view, elements_in(found->view, found->data->length)); !why.empty()) {
    made.unread = "the view " + why;
    problem(name, made.unread, found->view.offset);
  } else {
    made.location.packed = *found->data;
    made.location.storage_bytes = found->data->length;
    made.location.strides = found->view.stride;
    made.location.storage_offset = static_cast<std::uint64_t>(found->view.storage_offset);
  }
  m_builder.add(std::move(made));
  return true;
}

void ObjectAdder::without_data(Tensor made, const pickle::TensorRef& ref) {
  made.unread = "a " + std::string(name_of(ref.layout)) + " tensor keeps no data in the file";
  m_builder.find("tensor.unread", Severity::note, made.unread, in_file(ref.offset), made.name);
  m_builder.add(std::move(made));
}

/// What makes the values from the elements, and what class they belong to.
void ObjectAdder::describe(const std::string& name, const pickle::TensorRef& ref) {
  if (ref.conjugate || ref.negative) {
    m_builder.find("tensor.lazy-sign", Severity::note,
                   std::string("the values are the ") + (ref.negative ? "negatives" : "") +
                       (ref.conjugate && ref.negative ? " of the " : "") + (ref.conjugate ? "conjugates" : "") +
                       " of what is stored; digests and statistics are of the elements as they are stored",
                   in_file(ref.offset), name);
  }
  const auto kind = info(ref.dtype).kind;
  if (ref.requires_grad && ref.dtype != Dtype::other && kind != DtypeKind::floating && kind != DtypeKind::complex) {
    problem(name, "requires gradients: torch refuses it, only tensors of floating point and complex dtype can", ref.offset);
  }
  Value::Object facts;
  if (ref.layout != TensorLayout::strided && ref.layout != TensorLayout::from_numpy) {
    facts.emplace_back("layout", std::string(name_of(ref.layout)));
    facts.emplace_back("shape", shape_value(ref.size));
  }
  if (!ref.subclass.empty()) {
    facts.emplace_back("class", ref.subclass);
  }
  if (ref.quantiser) {
    facts.emplace_back("quantiser", ref.quantiser->scheme);
    if (ref.quantiser->scheme.starts_with("per_channel")) {
      facts.emplace_back("axis", ref.quantiser->axis);
    } else {
      facts.emplace_back("scale", ref.quantiser->scale);
      facts.emplace_back("zero_point", ref.quantiser->zero_point);
    }
  }
  if (!facts.empty()) {
    value(joined(name, "(tensor)"), std::move(facts));
  }
}

/// What copyreg saves of an object: its attributes, or a pair of these and of its slots, each perhaps None.
void ObjectAdder::list_state(pickle::NodeId state, const std::string& name) {
  const auto& graph = m_program.graph;
  const auto parts = graph.items(state);
  const auto is_part = [&graph](pickle::NodeId id) { return graph.is(id, pickle::Kind::none) || pickle::is_mapping(graph, id); };
  if (graph.is(state, pickle::Kind::tuple) && parts.size() == 2 && is_part(parts[0]) && is_part(parts[1])) {
    list_once(parts[0], name);
    list_once(parts[1], name);
  } else {
    list_once(state, name);
  }
}

void ObjectAdder::tensor(const std::string& name, const pickle::TensorRef& ref) {
  auto made = described(name, ref);
  const bool has_array = ref.layout == TensorLayout::from_numpy && ref.array != pickle::k_no_node;
  if (!ref.problem.empty()) {
    made.unread = ref.problem;
    problem(name, ref.problem, ref.problem_offset);
    m_builder.add(std::move(made));
    return;
  }
  describe(name, ref);
  if (ref.outside != pickle::k_no_node && outside(name, ref.outside)) {
    return;
  }
  if (ref.layout == TensorLayout::strided && ref.storage) {
    strided(std::move(made), ref);
  } else if (has_array) {
    array(name, pickle::read_numpy(m_program.graph, ref.array));
  } else if (ref.components.empty()) {
    without_data(std::move(made), ref);
  }
  for (const auto& part : ref.components) {
    tensor(joined(name, part.role), part.tensor);
  }
  if (ref.state != pickle::k_no_node) {
    list_state(ref.state, name);
  }
}

}  // namespace upinspect::formats
