// SPDX-License-Identifier: Apache-2.0
// An adapter for machines: the member `adapter` of an artifact.
#pragma once

#include "report/json_writer.hpp"
#include "upinspect/adapter.hpp"

namespace upinspect::report {

/// Writes the member `adapter` of the open object.
void write_adapter(JsonWriter& out, const Adapter& adapter);

}  // namespace upinspect::report
