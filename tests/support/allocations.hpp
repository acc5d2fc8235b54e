// SPDX-License-Identifier: Apache-2.0
// Watches operator new, so that a test can say what the largest single allocation was.
#pragma once

#include <cstddef>

namespace upinspect::test {

/// Forgets what was allocated so far.
void watch_allocations() noexcept;

/// The largest allocation since watch_allocations, in bytes; 0 where sanitizers keep operator new for themselves.
[[nodiscard]] std::size_t largest_allocation() noexcept;

}  // namespace upinspect::test
