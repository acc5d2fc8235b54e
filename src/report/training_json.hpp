// SPDX-License-Identifier: Apache-2.0
// What a file says of its training and of its own hash, as JSON.
#pragma once

#include "report/json_writer.hpp"
#include "upinspect/training.hpp"

#include <vector>

namespace upinspect::report {

/// The member "training" of the open object.
void write_training(JsonWriter& out, const TrainingSummary& training);

/// The member "stated_hashes" of the open object; nothing where there is none.
void write_stated_hashes(JsonWriter& out, const std::vector<StatedHash>& hashes);

}  // namespace upinspect::report
