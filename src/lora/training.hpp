// SPDX-License-Identifier: Apache-2.0
// What trainers write into the metadata of their files, in one form whoever wrote it.
#pragma once

#include "upinspect/training.hpp"
#include "upinspect/value.hpp"

#include <optional>

namespace upinspect::lora {

/// Decodes ss_* (kohya's sd-scripts and all like it), modelspec.* (Stability's ModelSpec), ot_* (OneTrainer), software and
/// training_info (ai-toolkit) and lora_adapter_metadata (diffusers), JSON inside of text included. Nothing where the
/// metadata say nothing of a training.
[[nodiscard]] std::optional<TrainingSummary> training_summary(const Value& metadata);

/// Seconds since 1970 as "2024-03-01 12:30:00 UTC"; nothing outside of the years 1970 to 9999.
[[nodiscard]] std::optional<std::string> utc_text(double seconds);

}  // namespace upinspect::lora
