// SPDX-License-Identifier: Apache-2.0
// The answer of `upinspect lsb` for machines: schema upinspect.lsb/1, as docs/schema/lsb-1.schema.json has it.
#pragma once

#include "report/json_writer.hpp"
#include "upinspect/low_bits.hpp"

#include <string_view>

namespace upinspect::report {

/// Writes one document and its newline; `version` is the tool's.
void write_low_bits(JsonWriter& out, const LowBits& result, std::string_view version);

}  // namespace upinspect::report
