// SPDX-License-Identifier: Apache-2.0
// SHA-256 of several inputs at a time. One computation waits for its own last step most of the time; three side by side fill the
// processor (libcrypto, which computes one at a time, is what it is tested against, and what is used without these instructions).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace upinspect::bytes {

/// 64 lower-case digits for each input.
[[nodiscard]] std::vector<std::string> sha256_of_each(std::span<const std::span<const std::byte>> inputs);

/// True where this processor computes several at a time.
[[nodiscard]] bool has_sha256_lanes() noexcept;

}  // namespace upinspect::bytes
