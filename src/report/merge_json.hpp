// SPDX-License-Identifier: Apache-2.0
// What a merge did, as a JSON document of the schema upinspect.merge/1.
#pragma once

#include "convert/merged.hpp"
#include "report/sink.hpp"

#include <string_view>

namespace upinspect::report {

void write_merge_json(const Sink& sink, const convert::Merged& done, std::string_view version);

}  // namespace upinspect::report
