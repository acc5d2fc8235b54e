// SPDX-License-Identifier: Apache-2.0
// What unpickling would do, as schema upinspect.pickle/1.
#pragma once

#include "report/json_writer.hpp"
#include "upinspect/pickle_listing.hpp"

#include <string_view>

namespace upinspect::report {

/// A whole document with its line end.
void write_pickle_listing(JsonWriter& out, const PickleListing& listing, std::string_view version);

}  // namespace upinspect::report
