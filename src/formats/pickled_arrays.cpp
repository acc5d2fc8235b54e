// SPDX-License-Identifier: Apache-2.0
// Numpy arrays: their bytes as they stand in the stream or decoded, their objects listed.
#include "bytes/checked.hpp"
#include "bytes/parse_error.hpp"
#include "formats/object_adder.hpp"

namespace upinspect::formats {

namespace {

Tensor described(const std::string& name, const pickle::NumpyRef& ref) {
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
    const std::vector<std::uint64_t> reversed(ref.shape.rbegin(), ref.shape.rend());
    const auto strides = model::row_major_strides(reversed);
    made.location.strides = std::vector<std::int64_t>(strides.rbegin(), strides.rend());
  }
  return made;
}

}  // namespace

/// The elements stand in the pickle one by one; they are listed under their places. The element of an array without
/// dimensions has no place: what it holds is listed under the array's own name.
void ObjectAdder::elements_of(const std::string& name, const pickle::NumpyRef& ref) {
  const auto& graph = m_program.graph;
  const auto* made = graph.additions(ref.node);
  const auto state = made == nullptr || made->states.empty() ? std::span<const pickle::NodeId>() : graph.items(made->states.back());
  if (state.size() < 4) {
    return;
  }
  constexpr std::size_t k_place = 4;  // (version, shape, dtype, order, elements, ...); the oldest had no version
  const auto elements = state[std::min(k_place, state.size() - 1)];
  const auto items = graph.items(elements);
  const bool one_container = ref.shape.empty() && items.size() == 1 &&
                             (pickle::is_mapping(graph, items[0]) || !graph.items(items[0]).empty());
  list_once(one_container ? items[0] : elements, name);
}

/// joblib writes the elements as a pickle of its own behind the array's description.
bool ObjectAdder::elements_behind(const std::string& name, const pickle::NumpyRef& ref) {
  const auto* pickles = m_setting.inline_pickles;
  if (pickles == nullptr || !pickles->contains(ref.node)) {
    return false;
  }
  PickleSetting setting;
  setting.stream = m_setting.stream;
  setting.prefix = name;
  setting.only_elements = true;
  const auto program = pickle::run(*m_setting.stream, pickles->at(ref.node).offset, pickle_options(m_builder.options()));
  const auto added = add_objects(m_builder, program, setting);
  m_added.inside.insert(m_added.inside.end(), added.inside.begin(), added.inside.end());
  return true;
}

void ObjectAdder::objects_of_array(const Tensor& array, const pickle::NumpyRef& ref) {
  m_builder.find("tensor.unread", Severity::note, array.unread, in_file(ref.offset), array.name);
  if (!elements_behind(array.name, ref)) {
    elements_of(array.name, ref);
  }
}

void ObjectAdder::array(const std::string& name, const pickle::NumpyRef& ref) {
  auto made = described(name, ref);
  if (!ref.problem.empty()) {
    made.unread = ref.problem;
    problem(name, ref.problem, ref.problem_offset);
    m_builder.add(std::move(made));
  } else if (!ref.data) {
    made.unread = "its elements are Python objects, which live in the pickle";
    m_builder.add(made);
    objects_of_array(made, ref);
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
    m_added.inside.push_back(Region{data.range, RegionKind::tensor, "array " + tensor.name});
    m_builder.add(std::move(tensor));
    return;
  }
  tensor.location.packed = m_setting.unpacked_from.value_or(data.range);
  try {
    const auto text = pickle::read_bytes(m_program.graph, *m_setting.stream, data, m_builder.room_for_decoded());
    const auto view = std::as_bytes(std::span(text));
    m_builder.add_decoded(std::move(tensor), std::vector<std::byte>(view.begin(), view.end()));
  } catch (const bytes::ParseError& error) {
    tensor.unread = error.what();
    m_builder.add(std::move(tensor));
  }
}

}  // namespace upinspect::formats
