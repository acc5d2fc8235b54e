// SPDX-License-Identifier: Apache-2.0
// What a conversion did, as a document of docs/schema/convert-1.schema.json.
#pragma once

#include "convert/conversion.hpp"
#include "report/sink.hpp"

#include <string_view>

namespace upinspect::report {

void write_convert_json(const Sink& sink, const convert::Conversion& done, std::string_view version);

}  // namespace upinspect::report
