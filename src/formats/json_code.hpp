// SPDX-License-Identifier: Apache-2.0
// Passes over JSON, and tells of what in it makes programs run code.
#pragma once

#include "bytes/json_reader.hpp"
#include "model/builder.hpp"

#include <string>

namespace upinspect::formats {

/// Passes over the next value, the member `key` of what is around it, as `skip` does.
void look_for_code(bytes::JsonReader& reader, const std::string& key, model::Builder& builder);

}  // namespace upinspect::formats
