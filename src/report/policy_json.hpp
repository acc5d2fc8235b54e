// SPDX-License-Identifier: Apache-2.0
// Policies: schema upinspect.policy/1.
#pragma once

#include "report/json_writer.hpp"
#include "upinspect/policy.hpp"

namespace upinspect::report {

/// A whole document with its line end; every rule is there, so that it can be filled in.
void write_policy(JsonWriter& out, const Policy& policy);

}  // namespace upinspect::report
