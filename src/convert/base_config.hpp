// SPDX-License-Identifier: Apache-2.0
// The config.json of transformers that lies beside a base's weights.
#pragma once

#include "upinspect/value.hpp"

#include <string>

namespace upinspect::convert {

/// Null where there is none beside `weights`, or none that can be read.
[[nodiscard]] Value config_beside_base(const std::string& weights);

}  // namespace upinspect::convert
