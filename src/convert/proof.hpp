// SPDX-License-Identifier: Apache-2.0
// Reads the output back and holds it against the input.
#pragma once

#include "convert/conversion.hpp"
#include "convert/input.hpp"
#include "convert/plan.hpp"

#include <string>

namespace upinspect::convert {

/// `output` is what was written, opened anew. Throws Refusal where it is not what it must be: another digest, another
/// scale, a module too few, values that a narrower dtype turned into infinities.
[[nodiscard]] Proof prove(const Input& input, const Input& output, const Plan& plan, const PlanOptions& options);

/// SHA-256, as hex, of what follows the header of a safetensors file: what kohya calls sshs_model_hash.
[[nodiscard]] std::string data_area_digest(const std::string& path);

}  // namespace upinspect::convert
