// SPDX-License-Identifier: Apache-2.0
// A tensor's values in another element type, rounded once to the nearest, ties to even.
#pragma once

#include "convert/outgoing.hpp"
#include "upinspect/dtype.hpp"

namespace upinspect::convert {

/// True for floating point numbers (ggml's blocks too), which --dtype changes; integers and booleans stay as they are.
[[nodiscard]] bool is_castable(Dtype dtype) noexcept;

/// `tensor` with elements of `dtype`; as it is where it has them already, or where is_castable denies it.
[[nodiscard]] Outgoing cast(Outgoing tensor, Dtype dtype);

}  // namespace upinspect::convert
