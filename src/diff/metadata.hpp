// SPDX-License-Identifier: Apache-2.0
// What is said about the tensors on both sides, key by key.
#pragma once

#include "upinspect/difference.hpp"

namespace upinspect::diff {

/// Fills in metadata_added, metadata_removed and metadata_changed. Objects are compared member by member, lists whole.
void compare_metadata(const Value& before, const Value& after, Difference& difference);

}  // namespace upinspect::diff
