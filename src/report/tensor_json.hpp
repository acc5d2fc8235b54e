// SPDX-License-Identifier: Apache-2.0
// One tensor of schema upinspect.file/1.
#pragma once

#include "upinspect/artifact.hpp"

namespace upinspect::report {

class JsonWriter;

/// Writes `tensor` as the next value of `out`. What was not measured is left out; statistics that no element has are null.
void write_tensor(JsonWriter& out, const Tensor& tensor);

}  // namespace upinspect::report
