// SPDX-License-Identifier: Apache-2.0
// JSON as the reference writers of headers and configurations spell it.
#pragma once

#include "upinspect/value.hpp"

#include <string>
#include <string_view>

namespace upinspect::convert {

/// Appends `text` as serde_json writes a string: UTF-8 as it is, control characters as \n, \u001f and the like.
void append_json_string(std::string& out, std::string_view text);

/// `value` as Python's json.dumps(value, indent=2, sort_keys=True) spells it, which is how PEFT writes
/// adapter_config.json. Keys of objects are sorted by code points. Ends without a newline.
[[nodiscard]] std::string python_json(const Value& value);

/// The same on one line, as json.dumps(value, sort_keys=True).
[[nodiscard]] std::string python_json_line(const Value& value);

/// Shortest text that reads back as the same number, as Python's repr: "16.0", "1e-05".
[[nodiscard]] std::string python_float(double number);

}  // namespace upinspect::convert
