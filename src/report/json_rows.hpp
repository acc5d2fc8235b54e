// SPDX-License-Identifier: Apache-2.0
// Lists of plain values on one line of a JSON document.
#pragma once

#include "report/json_writer.hpp"

#include <string_view>
#include <vector>

namespace upinspect::report {

/// A member of the open object: an array of our own words or of numbers.
template <class T>
void write_row(JsonWriter& out, std::string_view name, const std::vector<T>& values) {
  out.key(name);
  out.begin_array(JsonScope::row);
  for (const auto& value : values) {
    out.value(static_cast<T>(value));
  }
  out.end();
}

}  // namespace upinspect::report
