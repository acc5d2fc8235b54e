// SPDX-License-Identifier: Apache-2.0
// The settings of a training run that have no member of their own in its summary.
#pragma once

#include "upinspect/training.hpp"
#include "upinspect/value.hpp"

#include <string>
#include <vector>

namespace upinspect::lora {

/// Those that stand in the metadata as they are, in the order in which they are told.
[[nodiscard]] std::vector<TrainingSetting> plain_settings(const Value& metadata);

/// ss_bucket_info in words: how many sizes the images were brought to, and the commonest. Empty where it says nothing.
[[nodiscard]] std::string buckets_text(const Value& info);

}  // namespace upinspect::lora
