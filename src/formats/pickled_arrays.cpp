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
    made.location.strides.assign(strides.rbegin(), strides.rend());
  }
  return made;
}

}  // namespace

/// The elements stand in the pickle one by one; they are listed under their places.
void ObjectAdder::objects_of_array(const Tensor& array, const pickle::NumpyRef& ref) {
  m_builder.find("tensor.unread", Severity::note, array.unread, in_file(ref.offset), array.name);
  const auto* made = m_program.graph.additions(ref.node);
  const auto state = made == nullptr || made->states.empty() ? std::span<const pickle::NodeId>()
                                                             : m_program.graph.items(made->states.back());
  if (!state.empty()) {
    list_once(state.back(), array.name);
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
