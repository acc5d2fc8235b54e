// SPDX-License-Identifier: Apache-2.0
// Whether numbers are what torch's initialisation of a down half draws, to the last bit.
#pragma once

#include <cstdint>
#include <span>

namespace upinspect::lora {

/// True where every number is one that torch.nn.init.kaiming_uniform_(a=sqrt(5)) can draw in float32 on a CPU for that many
/// inputs, and together they look drawn. One step of training is enough to make it false; so is a smaller dtype. False
/// for fewer than 64 numbers.
[[nodiscard]] bool is_as_drawn(std::span<const double> values, std::uint64_t inputs);

}  // namespace upinspect::lora
