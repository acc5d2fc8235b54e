// SPDX-License-Identifier: Apache-2.0
// Holds an adapter's modules against the weights of a base model: names and shapes, no values.
#pragma once

#include "upinspect/artifact.hpp"

#include <vector>

namespace upinspect::lora {

/// Which modules find their weight and have its shape. `tensors` are the adapter's, `base` the model's. Path and title
/// are left to the caller.
[[nodiscard]] BaseFit fit_to_base(const Adapter& adapter, const std::vector<Tensor>& tensors, const std::vector<Tensor>& base);

}  // namespace upinspect::lora
