// SPDX-License-Identifier: Apache-2.0
#include "formats/object_pickle.hpp"

#include "pickle/numpy_arrays.hpp"

namespace upinspect::formats {

bool read_object_pickle(model::Builder& builder, const PickleSetting& setting, ByteRange range) {
  auto options = pickle_options(builder.options());
  options.arguments.legacy_strings = pickle::LegacyStrings::latin1;
  options.end = range.end();
  const auto program = pickle::run(*setting.stream, range.offset, options);
  const auto record = setting.entry.empty() ? std::string("pickle of the objects") : setting.entry;
  report_stream(builder, program, record);
  judge_stream(builder, program, setting, range.offset, options);
  if (program.complete() && program.end < range.end()) {
    builder.find("pickle.trailing-bytes", Severity::warning,
                 record + ": " + std::to_string(range.end() - program.end) + " bytes follow the pickle's STOP",
                 setting.unpacked_from.value_or(ByteRange{program.end, range.end() - program.end}));
  }
  add_objects(builder, program, setting);
  return program.complete() && pickle::is_numpy(program.graph, program.root);
}

}  // namespace upinspect::formats
