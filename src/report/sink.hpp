// SPDX-License-Identifier: Apache-2.0
// Where reporters send what they write.
#pragma once

#include <functional>
#include <string_view>

namespace upinspect::report {

/// Takes the next piece of the output. It may throw to stop the report: a reporter holds nothing that needs closing.
using Sink = std::function<void(std::string_view)>;

}  // namespace upinspect::report
