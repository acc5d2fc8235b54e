// SPDX-License-Identifier: Apache-2.0
// What the names that Python 2 wrote are called in Python 3, as unpickling protocols below 3 applies it.
#pragma once

#include "pickle/graph.hpp"

namespace upinspect::pickle {

/// The name to import; written_module and written_name are set where it differs from what was written.
[[nodiscard]] GlobalName in_python3(std::string module, std::string name);

}  // namespace upinspect::pickle
