// SPDX-License-Identifier: Apache-2.0
// What the JSON documents of all commands begin with.
#pragma once

#include "report/json_writer.hpp"
#include "upinspect/artifact.hpp"

#include <string_view>

namespace upinspect::report {

/// The members `schema` and `tool` of the open object.
void write_head(JsonWriter& out, std::string_view schema, std::string_view version);

/// The members `path`, `size` and `format` (id and title) of the open object.
void write_origin(JsonWriter& out, const Artifact& artifact);

}  // namespace upinspect::report
