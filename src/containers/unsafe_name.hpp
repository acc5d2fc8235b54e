// SPDX-License-Identifier: Apache-2.0
// Names of archive members that a careless unpacker, or a terminal, should not be given.
#pragma once

#include <string_view>

namespace upinspect::containers {

/// Why the name is unsafe, as the end of a sentence that begins with it; empty where it is harmless.
[[nodiscard]] std::string_view why_unsafe(std::string_view name) noexcept;

}  // namespace upinspect::containers
