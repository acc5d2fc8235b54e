// SPDX-License-Identifier: Apache-2.0
// The answer of `upinspect diff` for machines: schema upinspect.diff/1, as docs/schema/diff-1.schema.json has it.
#pragma once

#include "report/json_writer.hpp"
#include "upinspect/difference.hpp"

#include <string_view>
#include <vector>

namespace upinspect::report {

/// Writes one document and its newline; `version` is the tool's.
void write_difference(JsonWriter& out, const Difference& difference, std::string_view version);

/// Writes the member `payloads` of the open object; other reports hold payloads, too.
void write_payloads(JsonWriter& out, const std::vector<Payload>& payloads);

}  // namespace upinspect::report
