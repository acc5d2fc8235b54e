// SPDX-License-Identifier: Apache-2.0
// Which tensors of a base an adapter changes, once everything about both is known to fit.
#pragma once

#include "convert/input.hpp"
#include "lora/update.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace upinspect::convert {

struct MergeTarget {
  AdapterModule module;
  lora::UpdateTarget target = lora::UpdateTarget::weight;
  std::size_t tensor = 0;  ///< of the base
  bool precise = false;    ///< computed in f64
  std::vector<std::uint64_t> shape;  ///< of the weight as the update sees it: of several weights, or of the first rows of one
  std::size_t first_row = 0;         ///< of the tensor, in that
};

struct MergePlan {
  std::vector<MergeTarget> targets;
  std::string prefix;  ///< in words: how the names were brought together; empty where they meet as they are
};

/// Weights of 16 bits and fewer are computed in f32, unless `precise`; wider ones in f64, for f32 would round twice.
/// Reads every part of the adapter. Throws Refusal with everything that does not fit: modules without a weight, shapes,
/// scales, methods, missing halves, values that are not finite, tensors that belong to no module.
[[nodiscard]] MergePlan plan_merge(const Input& base, const Input& adapter, const lora::UpdateOptions& options, bool precise);

/// The update of a target; throws lora::UpdateRefused.
template <typename Real>
[[nodiscard]] lora::Update<Real> update_of(const Input& adapter, const MergeTarget& target, const lora::UpdateOptions& options);

}  // namespace upinspect::convert
