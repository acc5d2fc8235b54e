// SPDX-License-Identifier: Apache-2.0
// Reads tensors as an adapter: family, modules, pairs, ranks, alphas and scales.
#pragma once

#include "lora/scale.hpp"
#include "upinspect/artifact.hpp"

#include <optional>
#include <vector>

namespace upinspect::lora {

/// Calls `work` for every piece below `pieces`, in any order and several at a time: what lends long lists more than one thread.
using Together = std::function<void(std::size_t pieces, const std::function<void(std::size_t piece)>& work)>;

/// The adapter that `tensors` are; nothing where they are none. `adapter_config` is what adapter_config.json holds, or
/// null. `scalar` gives the value of an alpha tensor. What the shapes contradict goes to `findings`; what can be said of
/// the finished adapter is for analysis::judge_adapter. Without `together` one thread does all; the adapter is the same.
[[nodiscard]] std::optional<Adapter> read_adapter(const std::vector<Tensor>& tensors, const Value& metadata,
                                                  const Value* adapter_config, std::vector<Finding>& findings,
                                                  const ScalarReader& scalar, const Together& together = {});

/// The value of a measured tensor of one element: what ScalarReader is where the data pass has run.
[[nodiscard]] std::optional<double> measured_scalar(const Tensor& tensor);

}  // namespace upinspect::lora
