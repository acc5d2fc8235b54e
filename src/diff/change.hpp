// SPDX-License-Identifier: Apache-2.0
// Puts what was measured of a changed tensor into the values that reports draw.
#pragma once

#include "diff/messages.hpp"
#include "diff/pair.hpp"
#include "numeric/element_difference.hpp"
#include "upinspect/difference.hpp"

#include <optional>
#include <string>

namespace upinspect::diff {

/// "f32 8 x 4"
[[nodiscard]] std::string form_words(const Tensor& tensor);

/// One type, and one shape or, where a side's shape is a guess, as many elements.
[[nodiscard]] bool same_form(const Tensor& before, const Tensor& after);

/// Figures, kind and reason.
[[nodiscard]] TensorChange describe_change(const Pair& pair, const numeric::ElementDifference& measured);

/// Of two types of number: a change only where the one follows from the other.
[[nodiscard]] std::optional<TensorChange> describe_conversion(const Pair& pair);

[[nodiscard]] ChangedTensor changed_tensor(const Pair& pair, const numeric::ElementDifference& measured, const TensorChange& change);

}  // namespace upinspect::diff
