// SPDX-License-Identifier: Apache-2.0
// What a lock says of the tensors of a file, held against the tensors that are there.
#pragma once

#include "upinspect/integrity.hpp"

#include <vector>

namespace upinspect::integrity {

/// The tensors that are not as locked, sorted by name. Both lists are sorted by name. A tensor that is gone while another one
/// with its bytes, dtype and shape has come was renamed.
[[nodiscard]] std::vector<TensorDrift> drift_of(const std::vector<LockedTensor>& locked, const std::vector<LockedTensor>& found);

/// "2 of 24 tensors changed (a, b), 1 added (c)"; empty where nothing drifted.
[[nodiscard]] std::string drift_in_words(const std::vector<TensorDrift>& drift, std::size_t locked);

}  // namespace upinspect::integrity
