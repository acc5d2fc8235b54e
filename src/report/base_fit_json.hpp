// SPDX-License-Identifier: Apache-2.0
// An adapter held against a base, as JSON.
#pragma once

#include "report/json_writer.hpp"
#include "upinspect/training.hpp"

namespace upinspect::report {

/// The member "base_fit" of the open object.
void write_base_fit(JsonWriter& out, const BaseFit& fit);

}  // namespace upinspect::report
