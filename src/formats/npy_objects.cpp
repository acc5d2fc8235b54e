// SPDX-License-Identifier: Apache-2.0
// Arrays of Python objects: behind the npy header stands a pickle of the whole array, which np.load(allow_pickle=True)
// would run, and whose shape and type then count, whatever the header says.
#include "formats/npy_array.hpp"
#include "formats/pickled.hpp"
#include "pickle/machine.hpp"

#include <algorithm>

namespace upinspect::formats {

namespace {

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string text = "(";
  for (const auto dimension : shape) {
    text += std::to_string(dimension) + ",";
  }
  return text + ")";
}

/// What np.load gives in place of what the header promises; empty where these agree.
std::string disagreement(const pickle::Program& program, const std::vector<std::uint64_t>& shape) {
  const auto& graph = program.graph;
  if (!program.complete()) {
    return {};
  }
  if (!pickle::is_numpy(graph, program.root)) {
    return "the header promises an array of Python objects, its pickle gives a '" + graph.type_name(program.root) + "'";
  }
  const auto array = pickle::read_numpy(graph, program.root);
  if (!array.problem.empty()) {
    return "the array in the pickle cannot be read: " + array.problem;
  }
  if (!array.dtype.objects && !array.dtype.structured) {
    return "the header promises Python objects, its pickle gives an array of " + array.dtype.dtype_name;
  }
  return array.shape == shape ? std::string()
                              : "the header's shape is " + shape_text(shape) + ", the pickle's " + shape_text(array.shape);
}

std::string at_member(const NpyPlace& place) { return place.member.empty() ? std::string() : place.member + ": "; }

ByteRange place_in_file(const NpyPlace& place, std::uint64_t start) {
  return place.in_file() ? ByteRange{start, place.end - start} : place.packed;
}

}  // namespace

std::uint64_t follow_npy_objects(model::Builder& builder, const NpyPlace& place, std::uint64_t start,
                                 const std::string& name, const std::vector<std::uint64_t>& shape) {
  auto options = pickle_options(builder.options());
  options.arguments.legacy_strings = pickle::LegacyStrings::ascii;  // as np.load has it unless told otherwise
  options.end = place.end;
  PickleSetting setting;
  setting.stream = &place.stream;
  setting.entry = place.member.empty() ? "the array's pickle" : place.member;
  setting.prefix = name;
  setting.only_elements = true;
  if (!place.in_file()) {
    setting.unpacked_from = place.packed;
  }
  const auto program = pickle::run(place.stream, start, options);
  report_stream(builder, program, setting.entry);
  judge_stream(builder, program, setting, start, options);
  if (const auto why = disagreement(program, shape); !why.empty()) {
    builder.find("npy.object-content", Severity::warning, at_member(place) + why + "; np.load returns the latter",
                 place_in_file(place, start), name);
  }
  auto added = add_objects(builder, program, setting);
  const auto end = program.complete() ? program.end : place.end;
  if (place.in_file()) {
    label_around(builder, ByteRange{start, end - start}, RegionKind::payload,
                 "pickle of " + (name.empty() ? "the array" : name), std::move(added.inside));
  }
  return end;
}

std::uint64_t read_npy_objects(model::Builder& builder, const NpyPlace& place, std::uint64_t start,
                               const std::string& name, const std::vector<std::uint64_t>& shape) {
  builder.find("npy.object-array", Severity::warning,
               at_member(place) + "the elements are Python objects: np.load refuses them, np.load(allow_pickle=True) "
                                  "would run the pickle in these bytes",
               place_in_file(place, start), name);
  // Of a deflated member only the head is there; its reader unpacks the rest.
  return place.in_file() ? follow_npy_objects(builder, place, start, name, shape) : place.end;
}

}  // namespace upinspect::formats
