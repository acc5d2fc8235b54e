// SPDX-License-Identifier: Apache-2.0
// A Value (metadata, format details) as JSON.
#pragma once

#include "upinspect/value.hpp"

#include <string_view>

namespace upinspect::report {

class JsonWriter;

/// Writes the member `name` of the open object. Every key of the result is there once: where a file repeats one, the
/// later ones become `key#2`, `key#3`. Where text is not UTF-8, its bytes in hex are a member beside it: `<key>_hex` for
/// a value (for an array one as long, null where an element is sound), `<key>_key_hex` for the key itself.
void write_value(JsonWriter& out, std::string_view name, const Value& value);

}  // namespace upinspect::report
